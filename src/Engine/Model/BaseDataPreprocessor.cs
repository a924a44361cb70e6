using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>Prepares a batch for the model: here it only moves it to the model's device.</summary>
/// <remarks>Source: MMEngine <c>BaseDataPreprocessor</c>.</remarks>
/// <param name="nonBlocking">Whether copies from pinned memory may overlap with computing. The default is <see langword="false"/>.</param>
public class BaseDataPreprocessor(bool nonBlocking = false)
{
    /// <summary>Gets where batches are moved.</summary>
    /// <value><see langword="null"/>, until the runner or the model's <see cref="BaseModel.MoveTo"/> sets it: batches stay where they are.</value>
    public Device? Device { get; internal set; }

    /// <summary>Prepares a batch.</summary>
    /// <param name="data">The batch as it came from the loader. Borrowed.</param>
    /// <param name="training">Whether this is a training step; augmentation looks at it.</param>
    /// <returns>The batch to use; the same object if there was nothing to do.</returns>
    public virtual DataBatch Process(DataBatch data, bool training)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Device is null ? data : data.To(Device, nonBlocking);
    }
}
