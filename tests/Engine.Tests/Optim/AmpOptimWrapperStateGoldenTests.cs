using System.Text.Json;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>
/// The stored cases of MMEngine's <c>AmpOptimWrapper</c> without a runner: its state, calls by hand, refused settings. Where the original is left half-changed by a
/// state that does not fit, ours is as it was.
/// </summary>
[Trait("Category", "Golden")]
public sealed class AmpOptimWrapperStateGoldenTests
{
    private static readonly JsonElement Golden = GoldenFile.Read("fp16_engine_state.json");

    public static TheoryData<string, GoldenOptimizerKind> States => GoldenIds.Of(Golden, one => Kind(one) == "state");

    public static TheoryData<string, GoldenOptimizerKind> Calls => GoldenIds.Of(Golden, one => Kind(one) == "manual");

    public static TheoryData<string> Builds => [.. Golden.GetProperty("cases").EnumerateArray().Where(one => Kind(one) == "build").Select(one => one.GetProperty("id").GetString()!)];

    [Fact]
    public void Every_kind_of_case_is_known() =>
        Golden.GetProperty("cases").EnumerateArray().Select(Kind).Distinct().Should().BeSubsetOf(["state", "manual", "build", "resume"]);

    [Fact]
    public void Hardly_a_refusal_is_ruled_out_by_type_or_differs()
    {
        JsonElement[] cases = [.. Golden.GetProperty("cases").EnumerateArray()];

        cases.Where(one => RuledOut(one) is not null).All(one => one.TryGetProperty("error", out JsonElement _)).Should().BeTrue();
        cases.Count(DiffersOnPurpose).Should().BeLessThan((cases.Length / 10) + 1);
    }

    [Theory]
    [MemberData(nameof(States))]
    public void A_state_is_saved_and_loaded_as_by_the_original(string id, GoldenOptimizerKind kind)
    {
        JsonElement golden = GoldenIds.Find(Golden, id);
        if (RuledOut(golden) is not null)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        JsonElement apart = golden.GetProperty("bias_group");
        bool setToNone = golden.TryGetProperty("update_kwargs", out JsonElement kwargs) && kwargs.GetProperty("zero_kwargs").GetProperty("set_to_none").GetBoolean();
        using GoldenBench first = new(Golden, golden, golden.GetProperty("first"), kind, IsApart(apart, 0), setToNone);
        Array.ForEach([.. golden.GetProperty("first_rows").EnumerateArray()], first.Update);
        PthDict saved = first.Wrapper.SaveState();
        CheckSaved(golden.GetProperty("saved"), saved, golden, kind);
        Edit(saved, golden.GetProperty("edit"));

        using GoldenBench second = new(Golden, golden, golden.GetProperty("second"), kind, IsApart(apart, 1), setToNone);
        second.TakeParameters(first);
        GradScalerState? before = second.Scaler?.SaveState();
        Action load = () => second.Wrapper.LoadState(saved);
        if (golden.TryGetProperty("error", out _))
        {
            load.Should().Throw<PthException>();
            second.Scaler?.SaveState().Should().Be(before, "nothing is half loaded");
            return;
        }

        load();
        if (second.Scaler is not null)
        {
            GoldenScaler.ShouldBe(golden.GetProperty("scaler_after_loading"), second.Scaler);
        }

        second.Wrapper.InnerCount.Should().Be(golden.GetProperty("inner_count_after_loading").GetInt32());
        Array.ForEach([.. golden.GetProperty("second_rows").EnumerateArray()], second.Update);
        CheckSaved(golden.GetProperty("saved_again"), second.Wrapper.SaveState(), golden, kind);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Calls_by_hand_do_what_they_do_in_the_original(string id, GoldenOptimizerKind kind)
    {
        JsonElement golden = GoldenIds.Find(Golden, id);
        using GoldenBench bench = new(Golden, golden, golden.GetProperty("wrapper"), kind);
        JsonElement[] calls = [.. golden.GetProperty("ops").EnumerateArray()];
        JsonElement[] results = [.. golden.GetProperty("results").EnumerateArray()];
        for (int i = 0; i < results.Length; i++)
        {
            bench.Call(calls[i]);
            bench.CheckCall(results[i], $"call {i}");
        }

        golden.TryGetProperty("error", out _).Should().Be(results.Length < calls.Length);
        if (results.Length < calls.Length)
        {
            bench.Invoking(own => own.Call(calls[results.Length])).Should().Throw<InvalidOperationException>();
        }
    }

    [Theory]
    [MemberData(nameof(Builds))]
    public void Settings_are_taken_or_refused_as_by_the_original(string id)
    {
        JsonElement golden = GoldenIds.Find(Golden, id);
        if (RuledOut(golden) is not null)
        {
            return;
        }

        using TestModel model = new();
        Func<AmpOptimWrapper> build = () => Build(golden.GetProperty("args"), model);
        if (golden.TryGetProperty("error", out _) != DiffersOnPurpose(golden))
        {
            build.Should().Throw<ArgumentException>();
            return;
        }

        using AmpOptimWrapper wrapper = build();
        if (golden.TryGetProperty("built", out JsonElement built))
        {
            GoldenScaler.ShouldBe(built.GetProperty("state"), wrapper.LossScaler);
        }
    }

    // Refused there although it makes sense: a scaler without a GPU. Taken there although nothing can be cast to them: integers as precision.
    private static bool DiffersOnPurpose(JsonElement golden) => Kind(golden) == "build"
        && (Says(golden, "only available training on gpu")
            || (golden.TryGetProperty("built", out JsonElement built) && built.GetProperty("cast_dtype").GetString()?.StartsWith("int", StringComparison.Ordinal) == true));

    private static string? RuledOut(JsonElement golden)
    {
        if (!golden.TryGetProperty("args", out JsonElement args))
        {
            return golden.TryGetProperty("update_kwargs", out JsonElement kwargs) && kwargs.TryGetProperty("step_kwargs", out _) ? "ruled out by type: a step has no arguments" : null;
        }

        return !golden.TryGetProperty("error", out _) ? null
            : args.EnumerateObject().Any(one => one.Name is not ("loss_scale" or "dtype" or "clip_grad" or "accumulative_counts")) ? "ruled out by type AmpOptimWrapperOptions"
            : args.TryGetProperty("clip_grad", out _) ? "ruled out by type GradClipOptions"
            : Says(golden, "loss_scale must be of type") || IsOtherText(args) || Says(golden, "unexpected keyword argument") ? "ruled out by type LossScale"
            : Says(golden, "dtype should be") ? "ruled out by type ScalarType"
            : null;
    }

    private static bool IsOtherText(JsonElement args) =>
        args.TryGetProperty("loss_scale", out JsonElement scale) && scale.ValueKind == JsonValueKind.String && scale.GetString() != "dynamic" && !scale.IsNumber();

    private static bool Says(JsonElement golden, string text) =>
        golden.TryGetProperty("error", out JsonElement error) && error.GetProperty("message").GetString()!.Contains(text, StringComparison.Ordinal);

    private static AmpOptimWrapper Build(JsonElement args, TestModel model)
    {
        Compat.Engine.Optim.OptimizerOptions optimizer = new FusedSgdOptions { Lr = 0.1 };
        AmpOptimWrapperOptions options = (AmpOptimWrapperOptions)GoldenWrapper.Read(args, optimizer, isAmp: true);
        return args.TryGetProperty("dtype", out JsonElement dtype) && dtype.ValueKind == JsonValueKind.Object
            ? new(options with { Autocast = true, Dtype = GoldenWrapper.Precision(dtype.GetProperty("torch_dtype").GetString()!) }, model)
            : new(options, model);
    }

    private static string Kind(JsonElement golden) => golden.GetProperty("kind").GetString()!;

    private static bool IsApart(JsonElement apart, int index) => apart.ValueKind == JsonValueKind.Array ? apart[index].GetBoolean() : apart.GetBoolean();

    private static void Edit(PthDict saved, JsonElement edit)
    {
        if (!edit.EnumerateObject().Any())
        {
            return;
        }

        PthDict edited = [];
        foreach ((PthValue key, PthValue value) in (PthDict)saved["loss_scaler"])
        {
            if (!edit.TryGetProperty(((PthText)key).Value, out JsonElement changed))
            {
                edited.Set(key, value);
            }
            else if (changed.ValueKind != JsonValueKind.Null)
            {
                edited.Set(key, value is PthInteger ? changed.GetInt64() : PthValue.FromDouble(GoldenTensor.Number(changed)));
            }
        }

        saved["loss_scaler"] = edited;
    }

    private static void CheckSaved(JsonElement expected, PthDict saved, JsonElement golden, GoldenOptimizerKind kind)
    {
        saved.Select(entry => ((PthText)entry.Key).Value).Where(key => key != "compat").Should().Equal(Texts(expected.GetProperty("keys")));
        if (expected.TryGetProperty("loss_scaler", out JsonElement scaler))
        {
            PthDict state = (PthDict)saved["loss_scaler"];
            (state.Count == 0 ? null : GradScalerState.FromPth(state)).Should().Be(GoldenScaler.Read(scaler));
        }

        if (expected.TryGetProperty("base_param_settings", out JsonElement settings))
        {
            PthDict own = (PthDict)saved["base_param_settings"];
            OptimizerNumbers(own, "lr").Should().Be(settings.GetProperty("lr").Number());
            OptimizerNumbers(own, "weight_decay").Should().Be(settings.GetProperty("weight_decay").Number());
        }

        foreach ((JsonElement want, PthValue have) in expected.GetProperty("param_groups").EnumerateArray().Zip(((PthSequence)saved["param_groups"]).Items))
        {
            OptimizerNumbers((PthDict)have, "lr").Should().Be(want.GetProperty("lr").Number());
            ((PthSequence)((PthDict)have)["params"]).Items.Cast<PthInteger>().Select(number => (int)number.Value).Should().Equal(
                want.GetProperty("params").EnumerateArray().Select(number => number.GetInt32()));
        }

        int[] known = [.. expected.GetProperty("state_of").EnumerateArray().Select(number => number.GetInt32())];
        int[] states = [.. ((PthDict)saved["state"]).Select(entry => (int)((PthInteger)entry.Key).Value)];
        if (KeepsStatesAsPython(golden, kind))
        {
            // A kernel that leaves the first step out leaves zeros where Python's scaler does not call the optimizer.
            (kind == GoldenOptimizerKind.Fused ? states.Intersect(known) : states).Should().Equal(known);
        }
    }

    // TorchSharp's own have states from the beginning; SGD without momentum has none since PyTorch 2, where 1.13 wrote a momentum of None.
    private static bool KeepsStatesAsPython(JsonElement golden, GoldenOptimizerKind kind) => kind != GoldenOptimizerKind.TorchSharp
        && (golden.GetProperty("optimizer").GetProperty("type").GetString() != "SGD"
            || (golden.GetProperty("optimizer").TryGetProperty("momentum", out JsonElement momentum) && momentum.Number() != 0));

    private static double OptimizerNumbers(PthDict settings, string name) => ((PthFloat)settings[name]).Value;

    private static IEnumerable<string> Texts(JsonElement texts) => texts.EnumerateArray().Select(text => text.GetString()!);
}
