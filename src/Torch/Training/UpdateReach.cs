using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Tells, without waiting for the device, whether an update must move a parameter. The answers are numbers, to be read later.</summary>
/// <remarks>
/// <para>With gradient <c>g</c>, parameter <c>x</c> and rate <c>lr</c>, it must if <c>lr · min(1, max|g|) &gt; ulp(max|x|) / 2</c>. Plain SGD moves the element of the
/// largest gradient by <c>lr · max|g|</c>, and optimizers that scale by past gradients move theirs by about <c>lr</c>. The sum of squares would be no bound:
/// many small elements make a large norm, and each of them may be lost in rounding.</para>
/// <para>Below the normal numbers of a type, hardware may flush to zero; such updates count as lost.</para>
/// </remarks>
internal static class UpdateReach
{
    /// <summary>Nothing is known: no gradient, or one that is not finite.</summary>
    public const int Unknown = 0;

    /// <summary>The gradient is zero.</summary>
    public const int NoGradient = 1;

    /// <summary>The update may be lost in rounding.</summary>
    public const int TooSmall = 2;

    /// <summary>The update must move the parameter.</summary>
    public const int Enough = 3;

    /// <summary>The parameter has changed.</summary>
    public const int Changed = 4;

    /// <summary>Judges the present gradient of a parameter.</summary>
    /// <param name="parameter">The parameter. Borrowed.</param>
    /// <param name="lr">The learning rate, above 0.</param>
    /// <returns>One of the answers as a 0-d tensor, fresh; <see langword="null"/> if there is no gradient to judge.</returns>
    public static Tensor? Of(Parameter parameter, double lr)
    {
        using DisposeScope scope = NewDisposeScope();
        if (Precision(parameter.dtype) is not ({ } bits, { } smallest) || parameter.grad is not { is_sparse: false } gradient || gradient.numel() == 0)
        {
            return null;
        }

        Tensor largest = Largest(gradient);
        Tensor exponent = (Largest(parameter).log2().floor() - bits).clamp_min(smallest) - 1;
        Tensor isMoved = (largest.clamp_max(1) * lr).gt(exponent.exp2());
        Tensor answer = largest.gt(0).to(largest.dtype) + isMoved.to(largest.dtype) + 1;
        Tensor isFinite = (largest - largest).eq(0);
        return (answer * isFinite.to(largest.dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>Puts together whether a parameter has changed and what its updates could do.</summary>
    /// <param name="hasMoved">1 if it has, 0 if not. Borrowed.</param>
    /// <param name="reach">What <see cref="Of"/> gave; <see langword="null"/> for nothing. Borrowed.</param>
    /// <returns>One of the answers as a 0-d tensor; fresh.</returns>
    public static Tensor Combine(Tensor hasMoved, Tensor? reach)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor answer = reach?.to(hasMoved.device) ?? zeros_like(hasMoved);
        return (answer + (hasMoved * (Changed - answer))).MoveToOuterDisposeScope();
    }

    private static Tensor Largest(Tensor tensor)
    {
        Tensor values = tensor.detach();
        return maximum(values.max(), values.min().neg()).to(tensor.device_type == DeviceType.MPS ? ScalarType.Float32 : ScalarType.Float64);
    }

    // Bits of the fraction, and the exponent of the smallest normal number. Of float64 fewer bits count: a change must show in a sum of all elements.
    private static (int Bits, int Smallest)? Precision(ScalarType type) => type switch
    {
        ScalarType.Float16 => (10, -14),
        ScalarType.BFloat16 => (7, -126),
        ScalarType.Float32 => (23, -126),
        ScalarType.Float64 => (32, -126),
        _ => null,
    };
}
