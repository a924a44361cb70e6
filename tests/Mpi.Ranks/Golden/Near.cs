using System.Text.Json;
using Compat.TestSupport;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Comparisons by the tolerances of the golden files.</summary>
internal static class Near
{
    public static void Float(string what, double expected, double actual) =>
        GoldenTolerance.IsSameFloat(expected, actual).Should().BeTrue("{0} is {1:R} there and {2:R} here", what, expected, actual);

    public static void Rate(string what, double expected, double actual) =>
        GoldenTolerance.IsSameDouble(expected, actual).Should().BeTrue("{0} is {1:R} there and {2:R} here", what, expected, actual);

    public static void Values(string what, JsonElement expected, Tensor actual)
    {
        double[] values = actual.detach().to(float64).reshape(-1).data<double>().ToArray();
        values.Should().HaveCount(expected.GetArrayLength(), what);
        for (int i = 0; i < values.Length; i++)
        {
            Float($"{what}[{i}]", expected[i].Number(), values[i]);
        }
    }

    public static void All(string what, JsonElement expected, IEnumerable<(string Name, Tensor Tensor)> actual)
    {
        Dictionary<string, Tensor> byName = actual.ToDictionary(entry => entry.Name, entry => entry.Tensor);
        foreach (JsonProperty entry in expected.EnumerateObject())
        {
            Values($"{what} {entry.Name}", entry.Value, byName[entry.Name]);
        }
    }
}
