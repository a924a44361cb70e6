using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>Prepares a batch for the model: here it only moves it to the model's device.</summary>
/// <remarks>
/// It is no module, so that it never appears among a model's parameters. Tensors of its own, such as a mean and a standard deviation, are
/// <see cref="Torch.StateTensor"/>s: <see cref="To"/> moves them, <see cref="Dispose(bool)"/> frees them. Source: MMEngine <c>BaseDataPreprocessor</c>.
/// </remarks>
/// <param name="nonBlocking">Whether copies from pinned memory may overlap with computing. The default is <see langword="false"/>.</param>
public class BaseDataPreprocessor(bool nonBlocking = false) : IDisposable
{
    /// <summary>Gets where batches are moved.</summary>
    /// <value><see langword="null"/>, until the runner or the model's <see cref="BaseModel.MoveTo"/> calls <see cref="To"/>: batches stay where they are.</value>
    public Device? Device { get; private set; }

    /// <summary>Tells where batches go from now on, and moves what the preprocessor holds.</summary>
    /// <param name="device">The model's device.</param>
    public virtual void To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        Device = device;
    }

    /// <summary>Prepares a batch.</summary>
    /// <param name="data">The batch as it came from the loader. Borrowed.</param>
    /// <param name="training">Whether this is a training step; augmentation looks at it.</param>
    /// <returns>The batch to use; the same object if there was nothing to do.</returns>
    public virtual DataBatch Process(DataBatch data, bool training) => CastData(data);

    /// <summary>Frees what the preprocessor holds. The model that it was given to does so.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Moves a batch to the model's device; a derived class calls it first.</summary>
    /// <remarks>Source: MMEngine's <c>cast_data</c>.</remarks>
    /// <param name="data">The batch. Borrowed.</param>
    /// <returns>The same object if all of it is there already.</returns>
    protected DataBatch CastData(DataBatch data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Device is null ? data : data.To(Device, nonBlocking);
    }

    /// <summary>Frees what the preprocessor holds.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
