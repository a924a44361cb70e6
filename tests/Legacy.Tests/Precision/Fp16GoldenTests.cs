using System.Runtime.CompilerServices;
using System.Text.Json;
using Compat.Legacy.Tests.Support;
using Compat.Torch.Amp;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Precision;

/// <summary>What MMCV's decorators auto_fp16 and force_fp32 do to inputs and outputs of a method <c>f(self, x, y=…, *rest, k=…)</c>.</summary>
/// <remarks>On a CPU, bfloat16 stands for float16.</remarks>
[Trait("Category", "Golden")]
public sealed class Fp16GoldenTests
{
    private static readonly GoldenCases File = new("fp16_legacy_state.json");

    public static TheoryData<string> Cases => File.Where(entry => GoldenCases.Text(entry, "kind") == "cast");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inputs_and_outputs_are_cast_as_in_mmcv(string id)
    {
        JsonElement golden = File[id];
        using DisposeScope scope = NewDisposeScope();
        Decorated method = new(golden.GetProperty("decorator").GetString()!, golden.GetProperty("options"))
        {
            Fp16Enabled = golden.GetProperty("fp16_enabled").ValueKind == JsonValueKind.True || GoldenCases.Text(golden, "fp16_enabled") == "no module",
            Fp16Dtype = ScalarType.BFloat16,
        };
        object?[] args = [.. golden.GetProperty("call").GetProperty("args").EnumerateArray().Select(Made)];
        Dictionary<string, object?> named = golden.GetProperty("call").GetProperty("kwargs").EnumerateObject().ToDictionary(entry => entry.Name, entry => Made(entry.Value));

        object?[] returned = method.Call(
            args[0], args.Length > 1 ? args[1] : named.GetValueOrDefault("y"), [.. args.Skip(2)], named.GetValueOrDefault("k"));

        Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
        if (GoldenCases.Has(golden, "error"))
        {
            bool isModule = GoldenCases.Text(golden, "fp16_enabled") != "no module";
            string cast = golden.GetProperty("decorator").GetString() == "auto_fp16" ? "bfloat16" : "float32";
            Shown(method.Seen[0]).Should().Be(isModule ? $"({cast}, {cast})" : cast, "Python cannot make a named tuple anew, and casts methods of modules only; here it is a tuple, and what has the flag is supported");
            return;
        }

        JsonElement seen = golden.GetProperty("seen");
        string[] expected = [Text(seen.GetProperty("x")), Text(seen.GetProperty("y")), Text(seen.GetProperty("k"))];
        method.Seen.Select(Shown).Should().Equal(expected);
        method.Rest.Should().HaveCount(args.Skip(2).Count(), "Python loses them; here they arrive");
        method.HadAutocast.Should().Be(seen.GetProperty("autocast").GetBoolean());
        returned.Select(Shown).Should().Equal(golden.GetProperty("returned").EnumerateArray().Select(Text));
    }

    private static object? Made(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => zeros(2, Dtype(value.GetString()!)),
        JsonValueKind.Array => value.EnumerateArray().Select(Made).ToList(),
        _ => MadeOf(value.EnumerateObject().Single()),
    };

    private static object? MadeOf(JsonProperty entry) => entry.Name switch
    {
        "tuple" or "namedtuple" => (Made(entry.Value[0]), Made(entry.Value[1])),
        "dict" => entry.Value.EnumerateObject().ToDictionary(item => item.Name, item => Made(item.Value)),
        "text" => entry.Value.GetString(),
        "number" => entry.Value.GetInt32(),
        "array" => new float[2],
        _ => null,
    };

    private static string Text(JsonElement value) => Shown(Made(value));

    private static string Shown(object? value) => value switch
    {
        Tensor tensor => tensor.dtype.ToString().ToLowerInvariant(),
        ITuple tuple => $"({string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => Shown(tuple[i])))})",
        List<object?> list => $"[{string.Join(", ", list.Select(Shown))}]",
        Dictionary<string, object?> map => $"{{{string.Join(", ", map.Select(entry => $"{entry.Key}: {Shown(entry.Value)}"))}}}",
        float[] array => $"array {array.Length}",
        _ => value?.ToString() ?? "none",
    };

    private static ScalarType Dtype(string name) => name switch
    {
        "float16" => ScalarType.BFloat16,
        "float32" => ScalarType.Float32,
        "float64" => ScalarType.Float64,
        "int64" => ScalarType.Int64,
        string other => throw new InvalidDataException($"There is no {other} here."),
    };

    /// <summary>The method, decorated as the case says.</summary>
    private sealed class Decorated(string decorator, JsonElement options) : nn.Module("Decorated"), IFp16Switchable
    {
        private readonly bool isAuto = decorator == "auto_fp16";

        public bool Fp16Enabled { get; set; }

        public ScalarType? Fp16Dtype { get; set; }

        public object?[] Seen { get; private set; } = [];

        public object?[] Rest { get; private set; } = [];

        public bool HadAutocast { get; private set; }

        public object?[] Call(object? x, object? y, object?[] rest, object? k)
        {
            using Fp16Scope scope = Begin(ref x, ref y, ref k);
            y ??= zeros(2);                                           // the defaults
            k ??= zeros(2);
            (Seen, Rest, HadAutocast) = ([x, y, k], rest, Autocast.IsEnabled(DeviceType.CPU));
            object?[] outputs = [x, y, zeros(2), zeros(2, ScalarType.BFloat16)];
            return Flag("out_fp32") || Flag("out_fp16") ? scope.CastBack(outputs) : outputs;
        }

        private Fp16Scope Begin(ref object? x, ref object? y, ref object? k)
        {
            bool hasNames = options.TryGetProperty("apply_to", out JsonElement names);
            string[] cast = hasNames ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : ["x", "y"];
            object? none = null;
            ref object? first = ref cast.Contains("x") ? ref x : ref none;
            ref object? second = ref cast.Contains("y") ? ref y : ref none;
            ref object? third = ref cast.Contains("k") ? ref k : ref none;
            return isAuto ? Fp16.Auto(this, ref first, ref second, ref third) : Fp16.Force32(this, ref first, ref second, ref third);
        }

        private bool Flag(string name) => options.TryGetProperty(name, out JsonElement value) && value.GetBoolean();
    }
}
