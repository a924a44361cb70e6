using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Two numbers that tell whether a parameter has changed, without a copy of it: <c>Σx</c> and <c>Σx²</c>.</summary>
/// <remarks>Computed in float64 on the parameter's device; nothing waits.</remarks>
internal static class ParameterSums
{
    // What is widened to float64 at once: 32 MiB, whatever the size of the parameter.
    private const long Part = 1 << 22;

    /// <summary>Computes the two numbers.</summary>
    /// <param name="parameter">The parameter. Borrowed.</param>
    /// <returns>Both in one tensor; fresh.</returns>
    public static Tensor Of(Parameter parameter)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = parameter.detach();
        Tensor flat = (values.is_complex() ? view_as_real(values) : values).flatten();
        Tensor sums = zeros(2, dtype: Wide(parameter), device: parameter.device);
        foreach (Tensor part in flat.split(Part))
        {
            AddPart(sums, part);
        }

        return sums.MoveToOuterDisposeScope();
    }

    private static void AddPart(Tensor sums, Tensor part)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = part.to(sums.dtype);
        sums.add_(stack([wide.sum(), wide.square().sum()]));
    }

    // Apple's GPUs have no float64. There, a change can hide in the rounding of a sum: then nothing is said of it.
    private static ScalarType Wide(Parameter parameter) => parameter.device_type == DeviceType.MPS ? ScalarType.Float32 : ScalarType.Float64;
}
