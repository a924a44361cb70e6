using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch;

/// <summary>
/// A tensor that outlives the iteration on purpose, such as an averaged weight or the running state of a metric.
/// </summary>
/// <remarks>
/// It belongs to no dispose scope, does not take part in autograd, and is freed by <see cref="Dispose"/> alone. Its owner is disposable too.
/// </remarks>
[HoldsTensors("owner: the object whose field this is; freed by its Dispose")]
public sealed class StateTensor : IDisposable
{
    private Tensor value;

    /// <summary>Keeps a copy of a tensor.</summary>
    /// <param name="source">The tensor to copy, of any shape, type and device. Borrowed.</param>
    public StateTensor(Tensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        value = Copy(source);
    }

    /// <summary>Gets the kept tensor. Borrowed: do not dispose it.</summary>
    /// <exception cref="ObjectDisposedException">This object was disposed.</exception>
    public Tensor Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(value.IsInvalid, this);
            return value;
        }
    }

    /// <summary>Replaces the kept tensor by a copy of another one and frees the old one.</summary>
    /// <param name="source">The tensor to copy; shape, type and device may differ from the old one's. Borrowed.</param>
    public void Replace(Tensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Tensor old = Value;
        value = Copy(source);
        old.Dispose();
    }

    /// <summary>Moves the kept tensor to a device; nothing happens if it is there already.</summary>
    /// <param name="device">Where the tensor shall live.</param>
    public void To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (!TensorDevice.IsOn(Value, device))
        {
            using Tensor moved = Value.to(device);
            Replace(moved);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => value.Dispose();

    private static Tensor Copy(Tensor source)
    {
        using DisposeScope scope = NewDisposeScope();
        return source.detach().clone().DetachFromDisposeScope();
    }
}
