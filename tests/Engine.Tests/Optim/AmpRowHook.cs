using System.Text.Json;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Logging;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>Compares a training with loss scaling with its rows in <c>fp16_engine*.json</c>, iteration by iteration, and at its ends.</summary>
internal sealed class AmpRowHook(JsonElement golden) : Hook
{
    private readonly JsonElement[] rows = [.. golden.GetProperty("iters").EnumerateArray()];
    private readonly Dictionary<optim.Optimizer, bool> decided = [];
    private float[][] bits = [];
    private (OptimWrapper Wrapper, string? Name)[] wrappers = [];
    private nn.Module? model;
    private int[] updates = [];
    private double[] scales = [];
    private int norms;

    public int Seen { get; private set; }

    public override HookPriority Priority => HookPriority.Lowest;

    public override void BeforeTrain(Runner runner)
    {
        BaseOptimWrapper wrapper = runner.OptimWrapper;
        model = runner.Model.StateModule;
        wrappers = wrapper is OptimWrapper single ? [(single, null)] : [.. wrapper.Members.Select(member => ((OptimWrapper)member.Value, (string?)member.Key))];
        runner.Probe.Skipped += (optimizer, isSkipped) => decided[optimizer] = isSkipped.item<float>() > 0;
        bits = GoldenCheck.Bits(model);
        CheckScalers(golden.GetProperty("start"));
    }

    public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
    {
        decided.Clear();
        updates = [.. wrappers.Select(entry => entry.Wrapper.UpdateCount)];
        scales = [.. wrappers.Select(entry => Scale(entry.Wrapper))];
        if (Seen < rows.Length)
        {
            CheckRates(rows[Seen].GetProperty("lr"), runner.OptimWrapper.LrEntries, group => group.Lr);
            CheckRates(rows[Seen].GetProperty("momentum"), [.. runner.OptimWrapper.LrEntries.Where(IsNoBase)], group => group.Momentum ?? 0);
        }
    }

    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        JsonElement row = rows[Seen++];
        string at = $"iteration {row.GetProperty("iter")}";
        (runner.Progress.Iter, runner.Progress.Epoch).Should().Be((row.GetProperty("iter").GetInt32(), row.GetProperty("epoch").GetInt32()));
        for (int i = 0; i < wrappers.Length; i++)
        {
            Check(row, i, arguments.Outputs, at);
        }

        GoldenCheck.ShouldBe(row.GetProperty("grad_norm"), LastNorm(runner.MessageHub), $"the norm at {at}");
        GoldenCheck.GradientsShouldBe(row.GetProperty("grads"), model!, at);
        bits = GoldenCheck.ParametersShouldBe(row.GetProperty("params"), model!, bits, at);
    }

    public override void AfterTrain(Runner runner) => CheckEnd();

    /// <summary>Compares what is left after the training, or after an error.</summary>
    public void CheckEnd()
    {
        JsonElement end = golden.GetProperty("end");
        CheckScalers(end);
        foreach ((OptimWrapper wrapper, string? name) in wrappers)
        {
            wrapper.InnerCount.Should().Be(Of(end.GetProperty("inner_count"), name).GetInt32());
        }

        GoldenCheck.GradientsShouldBe(end.GetProperty("grads"), model!, "the end");
        bits = GoldenCheck.ParametersShouldBe(end.GetProperty("params"), model!, bits, "the end");
        if (end.TryGetProperty("steps", out JsonElement steps) && steps.ValueKind == JsonValueKind.Array)
        {
            // TorchSharp's own have a state with 0 steps from the beginning, where Python's have none.
            Steps(wrappers.Single().Wrapper.Optimizer).Should().Equal(
                steps.EnumerateArray().Select(step => step.ValueKind == JsonValueKind.Null ? 0 : GoldenTensor.Number(step)));
        }
    }

    // A value by the name of the wrapper, where there are several.
    private static JsonElement Of(JsonElement value, string? name) => name is not null && value.ValueKind == JsonValueKind.Object ? value.GetProperty(name) : value;

    private static bool IsNoBase(LrEntry entry) => !entry.Name.EndsWith("base_lr", StringComparison.Ordinal);

    private static double Scale(OptimWrapper wrapper) => (wrapper as AmpOptimWrapper)?.LossScaler.GetScale() ?? double.NaN;

    private static void CheckRates(JsonElement expected, IReadOnlyList<LrEntry> entries, Func<OptimizerGroup, double> read)
    {
        double[] values = [.. entries.SelectMany(entry => entry.Groups).Select(read)];
        double[] wanted = expected.ValueKind == JsonValueKind.Object
            ? [.. expected.EnumerateObject().SelectMany(entry => GoldenTensor.Numbers(entry.Value))]
            : GoldenTensor.Numbers(expected);
        values.Should().HaveSameCount(wanted);
        values.Zip(wanted).Should().OnlyContain(pair => GoldenTolerance.IsSameDouble(pair.Second, pair.First));
    }

    // For each parameter of the model, in order.
    private IEnumerable<double> Steps(optim.Optimizer optimizer)
    {
        using DisposeScope scope = NewDisposeScope();
        PthDict states = (PthDict)optimizer.SaveState()["state"];
        Dictionary<PthValue, PthValue> byNumber = states.ToDictionary(entry => entry.Key, entry => entry.Value);
        List<Parameter> numbered = [.. OptimizerGroup.Of(optimizer).SelectMany(group => group.Parameters)];
        return
        [
            .. model!.parameters().Select(parameter => byNumber.TryGetValue(numbered.FindIndex(own => ReferenceEquals(own, parameter)), out PthValue? state) && state is PthDict entries
                && entries.TryGetValue("step", out PthValue? step) ? ((PthTensor)step).Value.to(ScalarType.Float64).item<double>() : 0),
        ];
    }

    private void Check(JsonElement row, int index, LogVars outputs, string at)
    {
        (OptimWrapper wrapper, string? name) = wrappers[index];
        GoldenCheck.ShouldBe(Of(row.GetProperty("loss"), name), outputs[name is null ? "loss" : $"loss_{name}"].Read(), $"the loss {name} at {at}");
        wrapper.InnerCount.Should().Be(Of(row.GetProperty("inner_count"), name).GetInt32());
        if (wrapper is not AmpOptimWrapper amp)
        {
            return;
        }

        JsonElement scale = Of(row.GetProperty("scale"), name);
        GoldenTensor.Number(scale[0]).Should().Be(scales[index], $"the scale {name} before {at}");
        GoldenTensor.Number(scale[1]).Should().Be(Scale(wrapper), $"the scale {name} after {at}");
        (amp.LossScaler.SaveState()?.GrowthTracker ?? 0).Should().Be(Of(row.GetProperty("tracker"), name).GetInt32(), $"the tracker {name} at {at}");
        bool? step = wrapper.UpdateCount == updates[index] ? null : !decided.GetValueOrDefault(wrapper.Optimizer);
        JsonElement expected = Of(row.GetProperty("step"), name);
        step.Should().Be(expected.ValueKind == JsonValueKind.Null ? null : expected.GetBoolean(), $"whether there is a step {name} at {at}");
    }

    private void CheckScalers(JsonElement place)
    {
        foreach ((OptimWrapper wrapper, string? name) in wrappers)
        {
            if (wrapper is AmpOptimWrapper amp)
            {
                GoldenScaler.ShouldBe(name is null ? place.GetProperty("scaler") : place.GetProperty("scaler").GetProperty(name), amp.LossScaler);
            }
        }
    }

    // What this iteration put into the hub.
    private double? LastNorm(MessageHub hub)
    {
        int before = norms;
        norms = hub.Scalars.TryGetValue("train/grad_norm", out HistoryBuffer? history) ? history.Count : 0;
        return norms > before ? history!.Current() : null;
    }
}
