using System.Text.Json;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

/// <summary>The stored runs of MMEngine's <c>parse_losses</c>. The cases of the image preprocessor in the same file belong to its own tests.</summary>
[Trait("Category", "Golden")]
public sealed class ParseLossesTests
{
    public static TheoryData<string> Ids => [.. Cases().Select(one => one.GetProperty("id").GetString()!)];

    [Fact]
    public void Only_refusals_are_ruled_out_by_type()
    {
        Cases().Should().NotBeEmpty();
        Cases().Where(one => RuledOut(one) is not null).All(one => one.TryGetProperty("error", out JsonElement _)).Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Total_and_logged_values_are_those_of_the_original(string id)
    {
        JsonElement golden = Cases().Single(one => one.GetProperty("id").GetString() == id);
        if (RuledOut(golden) is not null)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        Func<(Tensor Loss, LogVars LogVars)> parse = () => model.ParseLosses(Losses(golden));
        if (golden.TryGetProperty("error", out _) && HasNoOtherFault(golden))
        {
            parse.Should().NotThrow("a whole number alone is its own mean");
            return;
        }

        if (golden.TryGetProperty("error", out _) || Refused(golden))
        {
            parse.Should().Throw<Exception>();
            return;
        }

        (Tensor loss, LogVars logVars) = parse();

        Compare(golden.GetProperty("loss"), loss);
        JsonElement[][] expected = [.. golden.GetProperty("log_vars").EnumerateArray().Select(pair => pair.EnumerateArray().ToArray())];
        logVars.Names.Should().Equal(expected.Select(pair => pair[0].GetString()!));
        foreach (JsonElement[] pair in expected)
        {
            Compare(pair[1], logVars[pair[0].GetString()!].Tensor!);
        }
    }

    private static IEnumerable<JsonElement> Cases() => GoldenFile.Read("parse_losses.json").GetProperty("cases").EnumerateArray()
        .Where(one => one.GetProperty("kind").GetString() == "parse_losses");

    private static string? RuledOut(JsonElement golden) =>
        golden.GetProperty("losses").EnumerateArray().SelectMany(pair => Entries(pair[1])).All(entry => entry.ValueKind == JsonValueKind.Object)
            ? null
            : "ruled out by type LossDict: an entry is a tensor or a list of tensors";

    // Integers have no mean in PyTorch, not even one alone, such as a count to be logged; ours takes it.
    private static bool HasNoOtherFault(JsonElement golden) => golden.GetProperty("losses").EnumerateArray().All(pair => Entries(pair[1]).Length > 0)
        && golden.GetProperty("losses").EnumerateArray().Any(pair => pair[0].GetString()!.Contains("loss", StringComparison.Ordinal))
        && golden.GetProperty("losses").EnumerateArray().SelectMany(pair => Entries(pair[1])).All(
            entry => entry.GetProperty("shape").GetArrayLength() == 0 || entry.GetProperty("dtype").GetString()!.StartsWith("float", StringComparison.Ordinal));

    // Where Python goes on with the number 0 in place of a loss and fails in backward, or logs it, we say at once what is wrong.
    private static bool Refused(JsonElement golden) =>
        golden.GetProperty("loss").TryGetProperty("python", out _)
        || golden.GetProperty("log_vars").EnumerateArray().Any(pair => pair[1].TryGetProperty("python", out _));

    private static JsonElement[] Entries(JsonElement value) => value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];

    private static LossDict Losses(JsonElement golden)
    {
        LossDict losses = [];
        foreach (JsonElement pair in golden.GetProperty("losses").EnumerateArray())
        {
            if (pair[1].ValueKind == JsonValueKind.Array)
            {
                losses.Add(pair[0].GetString()!, [.. pair[1].EnumerateArray().Select(GoldenTensor.Read)]);
            }
            else
            {
                losses[pair[0].GetString()!] = GoldenTensor.Read(pair[1]);
            }
        }

        return losses;
    }

    private static void Compare(JsonElement expected, Tensor actual)
    {
        actual.shape.Should().BeEmpty();
        actual.dtype.Should().Be(GoldenTensor.TypeOf(expected.GetProperty("dtype").GetString()!));
        double number = actual.to(ScalarType.Float64).item<double>();
        GoldenTensor.IsSame(GoldenTensor.Number(expected.GetProperty("values")[0]), number).Should().BeTrue($"it is {number}, expected {expected}");
    }
}
