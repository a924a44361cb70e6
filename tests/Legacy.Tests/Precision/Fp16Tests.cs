using System.Text.Json;
using Compat.Legacy.Tests.Support;
using Compat.Torch.Amp;
using TorchSharp;
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

    [Fact]
    public void Four_inputs_are_cast_and_the_outputs_back_and_another_precision_may_be_asked_for()
    {
        using DisposeScope scope = NewDisposeScope();
        using SwitchableTree model = new();
        Fp16.Wrap(model, ScalarType.BFloat16);
        (Tensor a, Tensor b, Tensor c, Tensor d) = (zeros(1), zeros(1), zeros(1), zeros(1));
        using (Fp16Scope lower = Fp16.Auto(model, ref a, ref b, ref c, ref d))
        {
            new[] { a, b, c, d }.Should().OnlyContain(tensor => tensor.dtype == ScalarType.BFloat16);
            Autocast.IsEnabled(DeviceType.CPU).Should().BeTrue();
            lower.CastBack(a).dtype.Should().Be(ScalarType.Float32);
            using Fp16Scope full = Fp16.Force32(model, ref a, ref b, ref c, ref d);
            new[] { a, b, c, d }.Should().OnlyContain(tensor => tensor.dtype == ScalarType.Float32);
            Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
            full.CastBack(a).dtype.Should().Be(ScalarType.BFloat16);
        }

        Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
    }

    [Fact]
    public void A_cast_that_fails_leaves_nothing_switched()
    {
        using DisposeScope scope = NewDisposeScope();
        using SwitchableTree model = new();
        Fp16.Wrap(model, ScalarType.BFloat16);
        System.Collections.ObjectModel.ReadOnlyDictionary<string, Tensor> input = new(new Dictionary<string, Tensor> { ["a"] = zeros(1) });
        Action begin = () => Fp16.Auto(model, ref input);

        begin.Should().Throw<NotSupportedException>();

        Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
    }

    [Fact]
    public void Half_precision_on_a_CPU_is_refused_at_the_first_call_and_full_precision_is_not()
    {
        using DisposeScope scope = NewDisposeScope();
        using SwitchableTree model = new() { Fp16Enabled = true };
        Tensor half = zeros(1, ScalarType.Float16);
        Action auto = () => Fp16.Auto(model);

        auto.Should().Throw<InvalidOperationException>().WithMessage("SwitchableTree would compute in Float16 on the CPU; there it must be BFloat16.*");
        using (Fp16.Force32(model, ref half))
        {
            half.dtype.Should().Be(ScalarType.Float32);
        }

        model.Fp16Enabled = false;
        auto.Should().NotThrow();
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
