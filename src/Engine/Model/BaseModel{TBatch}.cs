using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>A model for one type of batch: it implements <see cref="Loss(TBatch)"/>, and what else it is used for.</summary>
/// <typeparam name="TBatch">The record of tensors that the loader gives.</typeparam>
/// <param name="dataPreprocessor">What prepares each batch; <see langword="null"/> for one that moves it to the model's device.</param>
public abstract class BaseModel<TBatch>(BaseDataPreprocessor? dataPreprocessor = null) : BaseModel(dataPreprocessor)
    where TBatch : DataBatch
{
    /// <inheritdoc/>
    protected internal override bool CanPredict => Overrides<TBatch, DataBatch>(Predict, typeof(BaseModel<TBatch>));

    /// <inheritdoc/>
    public sealed override LossDict Loss(DataBatch data) => Loss(Typed(data));

    /// <inheritdoc/>
    public sealed override DataBatch Predict(DataBatch data) => Predict(Typed(data));

    /// <inheritdoc/>
    public sealed override Tensor ForwardTensor(DataBatch data) => ForwardTensor(Typed(data));

    /// <summary>Computes the losses of a batch. Needed for training, unless the model makes its own training step.</summary>
    /// <param name="batch">The prepared batch. Borrowed.</param>
    /// <returns>The losses; fresh.</returns>
    /// <exception cref="NotSupportedException">The model does not override this method.</exception>
    protected virtual LossDict Loss(TBatch batch) => throw Missing(nameof(Loss), typeof(TBatch).Name, "train, or override TrainStep");

    /// <summary>Computes the predictions for a batch. Needed for validation.</summary>
    /// <param name="batch">The prepared batch. Borrowed.</param>
    /// <returns>The predictions; fresh.</returns>
    /// <exception cref="NotSupportedException">The model does not override this method.</exception>
    protected virtual DataBatch Predict(TBatch batch) => throw Missing(nameof(Predict), typeof(TBatch).Name, "validate or test");

    /// <summary>Computes the bare output of the network.</summary>
    /// <param name="batch">The prepared batch. Borrowed.</param>
    /// <returns>The output; fresh.</returns>
    /// <exception cref="NotSupportedException">The model does not override this method.</exception>
    protected virtual Tensor ForwardTensor(TBatch batch) => throw Missing(nameof(ForwardTensor), typeof(TBatch).Name, "use ForwardMode.Tensor");

    private TBatch Typed(DataBatch data) => data as TBatch
        ?? throw new ArgumentException(
            $"{GetType().Name} expects batches of type {typeof(TBatch).Name}, but the loader gave {data?.GetType().Name ?? "null"}. "
            + $"Let the dataset return {typeof(TBatch).Name}, or derive the model from BaseModel<{data?.GetType().Name ?? "…"}>.",
            nameof(data));
}
