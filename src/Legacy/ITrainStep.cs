using Compat.Torch.Data;

namespace Compat.Legacy;

/// <summary>A model with MMCV's <c>train_step</c>.</summary>
public interface ITrainStep
{
    /// <summary>Computes the loss of a batch and what shall be logged. The weights are updated afterwards, by the optimizer hook.</summary>
    /// <param name="data">The batch. Borrowed.</param>
    /// <param name="optimizer">The runner's optimizer, for models that update the weights themselves; <see langword="null"/> if it has none.</param>
    /// <returns>Loss, number of samples and log values.</returns>
    StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer);
}
