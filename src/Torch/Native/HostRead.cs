using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Native;

/// <summary>Reads values of tensors on the host. Each read waits until its device has computed the value, so all reads of this library go through here and are counted.</summary>
/// <remarks>
/// A training iteration makes none, except where a method says so. To prove that for hooks and metrics of your own, compare <see cref="Count"/> before and after some
/// iterations that lie between two log lines.
/// </remarks>
public static class HostRead
{
    [ThreadStatic]
    private static long count;

    /// <summary>Gets how many reads this thread has made, whatever the device of the tensors, so that a test on a CPU says what a GPU would wait for.</summary>
    public static long Count => count;

    /// <summary>Reads a tensor of one element.</summary>
    /// <typeparam name="T">The type of the number; that of the tensor's elements.</typeparam>
    /// <param name="tensor">The tensor. Borrowed.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ArgumentException">The tensor has another number of elements.</exception>
    public static T Number<T>(Tensor tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        count++;
        return Item<T>(tensor);
    }

    /// <summary>Copies a tensor to the CPU.</summary>
    /// <param name="tensor">The tensor. Borrowed.</param>
    /// <returns>The copy; an alias of the tensor if it is on the CPU already.</returns>
    public static Tensor ToCpu(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        count++;
#pragma warning disable RS0030 // the one place for it
        return tensor.cpu();
#pragma warning restore RS0030
    }

    /// <summary>Reads a tensor of one element that is kept on the CPU, such as an optimizer's count of steps. Nobody waits, so it is not counted.</summary>
    /// <typeparam name="T">The type of the number; that of the tensor's elements.</typeparam>
    /// <param name="tensor">The tensor. Borrowed.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ArgumentException">The tensor is on another device.</exception>
    internal static T Local<T>(Tensor tensor)
        where T : unmanaged =>
        tensor.device_type == DeviceType.CPU
            ? Item<T>(tensor)
            : throw new ArgumentException($"The tensor is on {tensor.device}, so reading it makes everybody wait. Keep it on the CPU.", nameof(tensor));

#pragma warning disable RS0030 // the one place for it
    private static T Item<T>(Tensor tensor)
        where T : unmanaged =>
        tensor.item<T>();
#pragma warning restore RS0030
}
