using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>
/// One batch, or one sample before collating: a record whose properties are tensors.
/// </summary>
/// <remarks>
/// <para>Derive a record and name the fields: <c>sealed record DigitsBatch(Tensor Image, Tensor Label) : DataBatch;</c>. Moving, disposing and
/// stacking find the tensor properties by themselves. A type that keeps tensors in another way (see <see cref="NamedBatch"/>) overrides
/// <see cref="Tensors"/> and <see cref="With"/>.</para>
/// <para>Ownership: the training loop takes the batch into the iteration's dispose scope. A hook that wants a tensor for longer copies it into
/// a <see cref="StateTensor"/>.</para>
/// </remarks>
[HoldsTensors("owner: the iteration's dispose scope, or whoever enumerates the loader by hand")]
public abstract record DataBatch : IDisposable
{
    /// <summary>Gets the positions in the dataset of the samples in this batch, in order.</summary>
    /// <value>Set by <see cref="BatchLoader"/>; empty for a batch made by hand.</value>
    public IReadOnlyList<int> Indices { get; internal set; } = [];

    /// <summary>Gets all tensors of the batch, in a fixed order. Borrowed.</summary>
    public virtual IReadOnlyList<Tensor> Tensors => BatchFields.Of(GetType()).Read(this);

    /// <summary>Makes a batch of the same type that holds other tensors; everything else is kept.</summary>
    /// <param name="tensors">As many tensors as <see cref="Tensors"/> has, in its order.</param>
    /// <returns>The new batch.</returns>
    public virtual DataBatch With(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        DataBatch copy = this with { };
        BatchFields.Of(GetType()).Write(copy, tensors);
        return copy;
    }

    /// <summary>Moves the batch to a device.</summary>
    /// <param name="device">Where the tensors shall live.</param>
    /// <param name="nonBlocking">Whether a copy from pinned memory may overlap with computing. The default is <see langword="false"/>.</param>
    /// <returns>This batch if all of it is there already, else a new one with fresh tensors; this one still has to be disposed then.</returns>
    public DataBatch To(Device device, bool nonBlocking = false)
    {
        ArgumentNullException.ThrowIfNull(device);
        IReadOnlyList<Tensor> tensors = Tensors;
        return tensors.All(tensor => TensorDevice.IsOn(tensor, device))
            ? this
            : With([.. tensors.Select(tensor => tensor.to(device, non_blocking: nonBlocking))]);
    }

    /// <summary>Hands the tensors over to a dispose scope, which frees them with everything else in it.</summary>
    /// <param name="scope">The new owner.</param>
    public void AttachTo(DisposeScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        scope.Attach(Tensors);
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in Tensors)
        {
            tensor.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
