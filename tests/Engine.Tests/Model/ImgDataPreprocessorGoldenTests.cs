using System.Text.Json;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

/// <summary>The stored runs of MMEngine's <c>ImgDataPreprocessor</c>.</summary>
[Trait("Category", "Golden")]
public sealed class ImgDataPreprocessorGoldenTests
{
    private static readonly JsonElement[] Cases =
        [.. GoldenFile.Read("parse_losses.json").GetProperty("cases").EnumerateArray().Where(one => one.GetProperty("kind").GetString() == "img")];

    public static TheoryData<string> Ids => [.. Cases.Select(one => one.GetProperty("id").GetString()!)];

    [Fact]
    public void There_are_cases_and_nearly_all_are_really_executed()
    {
        Cases.Should().NotBeEmpty();
        Cases.Count(one => !IsRuledOut(one)).Should().BeGreaterThan(Cases.Length * 9 / 10);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Pixels_are_those_of_the_original(string id)
    {
        JsonElement golden = Cases.Single(one => one.GetProperty("id").GetString() == id);
        bool isError = golden.TryGetProperty("error", out _);
        if (IsRuledOut(golden))
        {
            isError.Should().BeTrue("ruled out by type: images are tensors");
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        Func<Tensor> prepare = () => Prepare(golden, options => options);
        if (isError)
        {
            prepare.Should().Throw<ArgumentException>();
            return;
        }

        IsSame(golden, prepare()).Should().BeTrue();
    }

    [Fact]
    public void Other_settings_give_other_pixels()
    {
        using DisposeScope scope = NewDisposeScope();
        JsonElement[] normalised = [.. Cases.Where(one => one.TryGetProperty("output", out _) && one.GetProperty("args").TryGetProperty("mean", out _))];

        normalised.Should().NotBeEmpty();
        normalised.Any(golden => IsSame(golden, Prepare(golden, options => options with { Std = [.. options.Std!.Select(value => value * 2)] }))).Should().BeFalse();
    }

    private static bool IsRuledOut(JsonElement golden) => golden.GetProperty("inputs").EnumerateArray().Any(input => input.ValueKind != JsonValueKind.Object);

    private static bool IsSame(JsonElement golden, Tensor actual)
    {
        JsonElement output = golden.GetProperty("output");
        return actual.dtype == ScalarType.Float32
            && actual.shape.SequenceEqual(output.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()))
            && GoldenTensor.Numbers(output.GetProperty("values")).Zip(actual.contiguous().data<float>().ToArray()).All(pair => GoldenTensor.IsSame(pair.First, pair.Second));
    }

    private static Tensor Prepare(JsonElement golden, Func<ImgDataPreprocessorOptions, ImgDataPreprocessorOptions> change)
    {
        using ImgDataPreprocessor preprocessor = new(change(Options(golden.GetProperty("args"))));
        NamedBatch[] samples = [.. golden.GetProperty("inputs").EnumerateArray().Select(input => new NamedBatch(KeyValuePair.Create("inputs", GoldenTensor.Read(input))))];
        DataBatch batch = golden.TryGetProperty("stacked", out _) ? samples[0] : new SampleList<NamedBatch>(samples);
        return ((NamedBatch)preprocessor.Process(batch, training: false))["inputs"];
    }

    private static ImgDataPreprocessorOptions Options(JsonElement args) => new()
    {
        Mean = Values(args, "mean"),
        Std = Values(args, "std"),
        PadSizeDivisor = args.TryGetProperty("pad_size_divisor", out JsonElement divisor) ? divisor.GetInt32() : 1,
        PadValue = args.TryGetProperty("pad_value", out JsonElement value) ? value.Number() : 0,
        BgrToRgb = args.TryGetProperty("bgr_to_rgb", out JsonElement toRgb) && toRgb.GetBoolean(),
        RgbToBgr = args.TryGetProperty("rgb_to_bgr", out JsonElement toBgr) && toBgr.GetBoolean(),
    };

    private static double[]? Values(JsonElement args, string name) => args.TryGetProperty(name, out JsonElement values) ? GoldenTensor.Numbers(values) : null;
}
