using System.Globalization;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>A value to be logged: a number, or a tensor of one element that stays on its device until somebody looks at it.</summary>
/// <remarks>Reading a tensor makes the GPU wait, so nothing in an iteration does it (see <see cref="PendingScalars"/>).</remarks>
[HoldsTensors("owner: the iteration's dispose scope; what is logged is kept by PendingScalars")]
public readonly struct LogValue : IEquatable<LogValue>
{
    /// <summary>Makes a value of a number.</summary>
    /// <param name="number">The number.</param>
    public LogValue(double number) => Number = number;

    /// <summary>Makes a value of a tensor.</summary>
    /// <param name="tensor">A tensor of one element. Borrowed.</param>
    /// <exception cref="ArgumentNullException">It is null; the message says what to pass.</exception>
    public LogValue(Tensor tensor)
    {
        Tensor = tensor
            ?? throw new ArgumentNullException(nameof(tensor), "A log value is null. Give a number or a tensor of one element, or leave the entry out.");
        Number = double.NaN;
    }

    /// <summary>Gets the tensor, if the value is one. Borrowed.</summary>
    public Tensor? Tensor { get; }

    /// <summary>Gets the number; NaN if the value is a tensor.</summary>
    public double Number { get; }

    /// <summary>Makes a value of a number.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator LogValue(double number) => new(number);

    /// <summary>Makes a value of a tensor.</summary>
    /// <param name="tensor">A tensor of one element.</param>
    public static implicit operator LogValue(Tensor tensor) => new(tensor);

    /// <summary>Compares number and tensor, the tensor by reference.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(LogValue left, LogValue right) => left.Equals(right);

    /// <summary>Compares number and tensor, the tensor by reference.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(LogValue left, LogValue right) => !left.Equals(right);

    /// <summary>Makes a value of a number.</summary>
    /// <param name="number">The number.</param>
    /// <returns>The value.</returns>
    public static LogValue FromDouble(double number) => new(number);

    /// <summary>Makes a value of a tensor.</summary>
    /// <param name="tensor">A tensor of one element.</param>
    /// <returns>The value.</returns>
    public static LogValue FromTensor(Tensor tensor) => new(tensor);

    /// <summary>Reads the value now. With a tensor on a GPU this waits for the GPU: never call it in an iteration.</summary>
    /// <returns>The number.</returns>
    public double Read() => Tensor is null ? Number : PendingScalars.ReadOne(Tensor);

    /// <inheritdoc/>
    public bool Equals(LogValue other) => Number.Equals(other.Number) && ReferenceEquals(Tensor, other.Tensor);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LogValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Number.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => Tensor is null ? Number.ToString(CultureInfo.InvariantCulture) : "tensor, not read yet";
}
