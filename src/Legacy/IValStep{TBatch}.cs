using Compat.Torch.Data;

namespace Compat.Legacy;

/// <summary>A model with MMCV's <c>val_step</c> for one type of batch.</summary>
/// <typeparam name="TBatch">The record of tensors that the loader gives.</typeparam>
public interface IValStep<in TBatch> : IValStep
    where TBatch : DataBatch
{
    /// <inheritdoc cref="IValStep.ValStep"/>
    StepOutputs ValStep(TBatch data, OptimizerSet? optimizer);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch is of another type.</exception>
    StepOutputs IValStep.ValStep(DataBatch data, OptimizerSet? optimizer) => ValStep(TypedBatch.Of<TBatch>(data, this, nameof(IValStep)), optimizer);
}
