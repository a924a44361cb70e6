using System.Text.Json;
using Compat.TestSupport;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>Tensors and numbers as the golden files write them.</summary>
internal static class GoldenTensor
{
    public static double Number(JsonElement element) => GoldenNumber.Number(element);

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(Number)];

    public static Tensor Read(JsonElement element) => Make(
        Numbers(element.GetProperty("values")),
        [.. element.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
        element.TryGetProperty("dtype", out JsonElement dtype) ? dtype.GetString()! : "float32");

    public static Tensor Make(double[] values, long[] shape, string dtype) => tensor(values, dtype: ScalarType.Float64).reshape(shape).to(TypeOf(dtype));

    public static ScalarType TypeOf(string dtype) => dtype switch
    {
        "float16" => ScalarType.Float16,
        "bfloat16" => ScalarType.BFloat16,
        "float32" => ScalarType.Float32,
        "float64" => ScalarType.Float64,
        "int32" => ScalarType.Int32,
        "int64" => ScalarType.Int64,
        "uint8" => ScalarType.Byte,
        "bool" => ScalarType.Bool,
        _ => throw new NotSupportedException($"The golden files have a new type, {dtype}."),
    };

    public static bool IsSame(double expected, double actual) =>
        GoldenTolerance.IsSameFloat(expected, actual);
}
