using System.Text.Json;
using Compat.Legacy.Tests.Support;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Precision;

public sealed class Fp16Tests
{
    private static readonly GoldenCases File = new("fp16_legacy_state.json");

    public static TheoryData<string> Trees => File.Where(entry => GoldenCases.Text(entry, "kind") == "flags");

    [Theory]
    [MemberData(nameof(Trees))]
    [Trait("Category", "Golden")]
    public void Every_module_that_has_the_flag_is_switched_on_and_parameters_stay(string id)
    {
        JsonElement golden = File[id];
        Dictionary<string, nn.Module> modules = [];
        foreach (JsonElement entry in golden.GetProperty("modules").EnumerateArray())
        {
            string name = entry[0].GetString()!;
            modules[name] = entry[1].ValueKind == JsonValueKind.Null ? new Tree() : new SwitchableTree { Fp16Enabled = entry[1].GetBoolean() };
            if (name.Length > 0)
            {
                int dot = name.LastIndexOf('.');
                modules[dot < 0 ? string.Empty : name[..dot]].register_module(name[(dot + 1)..], modules[name]);
            }
        }

        int switched = Fp16.Wrap(modules[string.Empty]);

        foreach (JsonElement entry in golden.GetProperty("after").EnumerateArray())
        {
            (modules[entry[0].GetString()!] as IFp16Switchable)?.Fp16Enabled.Should().Be(entry[1].GetBoolean());
        }

        switched.Should().Be(golden.GetProperty("after").EnumerateArray().Count(entry => entry[1].ValueKind != JsonValueKind.Null)).And.BePositive();
        modules[string.Empty].parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float32).And.NotBeEmpty();
        modules[string.Empty].Dispose();
    }

    [Fact]
    public void The_model_itself_is_switched_too_and_one_without_flags_is_counted_as_such()
    {
        using SwitchableTree model = new();
        using nn.Module plain = nn.Linear(1, 1);

        Fp16.Wrap(model).Should().Be(1);
        Fp16.Wrap(plain).Should().Be(0);
        model.Fp16Enabled.Should().BeTrue();
    }

    private class Tree : nn.Module
    {
        public Tree()
            : base(nameof(Tree)) => register_parameter("w", new TorchSharp.Modules.Parameter(zeros(1)));
    }

    private sealed class SwitchableTree : Tree, IFp16Switchable
    {
        public bool Fp16Enabled { get; set; }

        public ScalarType? Fp16Dtype { get; set; }
    }
}
