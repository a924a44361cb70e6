using Compat.Torch.Data;

namespace Compat.Legacy;

/// <summary>A model with MMCV's <c>val_step</c>, which a workflow with a <c>val</c> flow needs.</summary>
public interface IValStep
{
    /// <summary>Computes what shall be logged for a batch, without gradients.</summary>
    /// <param name="data">The batch. Borrowed.</param>
    /// <param name="optimizer">The runner's optimizer; <see langword="null"/> if it has none.</param>
    /// <returns>Number of samples and log values.</returns>
    StepOutputs ValStep(DataBatch data, OptimizerSet? optimizer);
}
