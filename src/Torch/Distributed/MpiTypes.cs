using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>As which type the values of a tensor are reduced.</summary>
internal static class MpiTypes
{
    /// <summary>Gets a type that MPI knows and that holds the values of another.</summary>
    /// <exception cref="NotSupportedException">There is none, or integers have no such operation.</exception>
    public static ScalarType ToReduce(ScalarType type, ReduceOperation operation)
    {
        ScalarType wire = type switch
        {
            ScalarType.Float32 or ScalarType.Float64 or ScalarType.Int32 or ScalarType.Int64 => type,
            ScalarType.Float16 or ScalarType.BFloat16 => ScalarType.Float32,
            ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Bool => ScalarType.Int32,
            _ => throw new NotSupportedException(
                $"A tensor of type {type} cannot be reduced over processes; floating point numbers, integers and truth values can. Convert it first, for example with .to(float32)."),
        };
        return operation == ReduceOperation.Mean && wire is (ScalarType.Int32 or ScalarType.Int64)
            ? throw new NotSupportedException(
                $"The mean of tensors of type {type} over processes is not a {type}. Convert the tensor to floating point numbers first, for example with .to(float32).")
            : wire;
    }
}
