using Compat.Torch.Data;

namespace Compat.Legacy;

/// <summary>A model with MMCV's <c>train_step</c> for one type of batch.</summary>
/// <typeparam name="TBatch">The record of tensors that the loader gives.</typeparam>
/// <example><code>sealed class Net() : nn.Module("Net"), ITrainStep&lt;DigitsBatch&gt;</code></example>
public interface ITrainStep<in TBatch> : ITrainStep
    where TBatch : DataBatch
{
    /// <inheritdoc cref="ITrainStep.TrainStep"/>
    StepOutputs TrainStep(TBatch data, OptimizerSet? optimizer);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch is of another type.</exception>
    StepOutputs ITrainStep.TrainStep(DataBatch data, OptimizerSet? optimizer) => TrainStep(TypedBatch.Of<TBatch>(data, this, nameof(ITrainStep)), optimizer);
}
