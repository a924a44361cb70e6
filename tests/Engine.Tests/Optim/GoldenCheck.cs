using System.Text.Json;
using Compat.Engine.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>Compares what a run left with what the golden files say.</summary>
internal static class GoldenCheck
{
    public static void ShouldBe(JsonElement expected, double? actual, string what)
    {
        bool same = expected.ValueKind == JsonValueKind.Null
            ? actual is null
            : actual is { } number && GoldenTensor.IsSame(GoldenTensor.Number(expected), number);
        same.Should().BeTrue($"{what} is {actual}, expected {expected}");
    }

    public static void ShouldBe(JsonElement expected, Tensor actual, string what)
    {
        double[] values = Values(actual);
        double[] golden = expected.ValueKind == JsonValueKind.Array ? GoldenTensor.Numbers(expected) : [GoldenTensor.Number(expected)];
        values.Should().HaveSameCount(golden);
        foreach ((double want, double have) in golden.Zip(values))
        {
            GoldenTensor.IsSame(want, have).Should().BeTrue($"{what} is {have}, expected {want}");
        }
    }

    /// <summary>Compares the sums of the gradients' absolute values; null and zero are different.</summary>
    public static void GradientsShouldBe(JsonElement expected, nn.Module model, string at)
    {
        using DisposeScope scope = NewDisposeScope();
        JsonElement[] golden = [.. expected.EnumerateArray()];
        Parameter[] parameters = [.. model.parameters()];
        parameters.Should().HaveSameCount(golden);
        for (int i = 0; i < parameters.Length; i++)
        {
            ShouldBe(golden[i], parameters[i].grad?.to(ScalarType.Float64).abs().sum().item<double>(), $"gradient {i} at {at}");
        }
    }

    /// <summary>Compares all parameters; null stands for the bits that they had before.</summary>
    /// <returns>The bits that they have now.</returns>
    public static float[][] ParametersShouldBe(JsonElement expected, nn.Module model, float[][] before, string at)
    {
        float[][] now = Bits(model);
        if (expected.ValueKind == JsonValueKind.Null)
        {
            IsSameBits(before, now).Should().BeTrue($"nothing changes at {at}");
            return now;
        }

        foreach ((JsonElement values, (string name, Parameter parameter)) in expected.EnumerateArray().Zip(model.named_parameters()))
        {
            ShouldBe(values, parameter, $"{name} at {at}");
        }

        return now;
    }

    private static double[] Values(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).reshape(-1).data<double>().ToArray();
    }

    /// <summary>Gives the values of all parameters, bit for bit.</summary>
    public static float[][] Bits(nn.Module model)
    {
        using DisposeScope scope = NewDisposeScope();
        return [.. model.parameters().Select(parameter => parameter.detach().reshape(-1).data<float>().ToArray())];
    }

    // An update of NaN may change the sign of NaN, which is no change.
    private static bool IsSameBits(float[][] before, float[][] after) => before.SelectMany(values => values).Zip(after.SelectMany(values => values))
        .All(pair => BitConverter.SingleToInt32Bits(pair.First) == BitConverter.SingleToInt32Bits(pair.Second) || (float.IsNaN(pair.First) && float.IsNaN(pair.Second)));
}
