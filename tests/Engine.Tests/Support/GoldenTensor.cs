using System.Text.Json;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>Tensors and numbers as the golden files write them.</summary>
internal static class GoldenTensor
{
    public static double Number(JsonElement element) => element.ValueKind == JsonValueKind.String
        ? element.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            string other => throw new FormatException($"'{other}' is no number."),
            null => throw new FormatException("There is no number."),
        }
        : element.GetDouble();

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(Number)];

    public static Tensor Read(JsonElement element) => Make(
        Numbers(element.GetProperty("values")),
        [.. element.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
        element.TryGetProperty("dtype", out JsonElement dtype) ? dtype.GetString()! : "float32");

    public static Tensor Make(double[] values, long[] shape, string dtype) => tensor(values, dtype: ScalarType.Float64).reshape(shape).to(dtype switch
    {
        "float32" => ScalarType.Float32,
        "float64" => ScalarType.Float64,
        "int64" => ScalarType.Int64,
        "uint8" => ScalarType.Byte,
        _ => throw new NotSupportedException($"The golden files have a new type, {dtype}."),
    });

    public static bool IsSame(double expected, double actual) =>
        TestSupport.GoldenTolerance.IsSameFloat(expected, actual);
}
