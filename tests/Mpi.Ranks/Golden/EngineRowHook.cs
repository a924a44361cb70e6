using System.Text.Json;
using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Optim;
using Compat.TestSupport;
using Compat.Torch.Distributed;
using Compat.Torch.Training;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Compares every iteration with its row, after all other hooks.</summary>
internal sealed class EngineRowHook(GoldenRank golden, GoldenNet net, ICollectives collectives) : Hook
{
    private readonly StateCheck state = new(golden, net, collectives);
    private double? lr;
    private int validations;

    public int Rows { get; private set; }

    public override HookPriority Priority => HookPriority.Lowest;

    public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) =>
        lr = runner.OptimWrapper is OptimWrapper ? runner.OptimWrapper.ParamGroups[0].Lr : null;

    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        string at = $"at {Rows}";
        if (Rows >= golden.Iters.Count || EngineDefects.NumbersDiffer(golden))
        {
            state.ParametersAreEqualOnAllRanks(at);
            Rows++;
            return;
        }

        JsonElement row = golden.Iters[Rows++];
        arguments.Batch.Indices.Should().Equal(golden.Of(row, "indices")!.Value.EnumerateArray().Select(index => index.GetInt32()));
        if (golden.Of(row, "loss") is { } loss)
        {
            Near.Float($"loss {at}", loss.Number(), arguments.Outputs["loss"].Tensor!.item<float>());
        }

        if (golden.Of(row, "log_vars") is { } vars)
        {
            foreach (JsonProperty entry in vars.EnumerateObject())
            {
                Near.Float($"{entry.Name} {at}", entry.Value.Number(), arguments.Outputs[entry.Name].Tensor!.item<float>());
            }
        }

        if (golden.Of(row, "lr") is { ValueKind: JsonValueKind.Number } rate)
        {
            Near.Rate($"lr {at}", rate.Number(), lr!.Value);
        }

        if (golden.Of(row, "grad_norm") is { } norm)
        {
            Near.Float($"norm {at}", norm.Number(), runner.MessageHub.GetScalar("train/grad_norm").Current());
        }

        state.Compare(row, at, withGradients: runner.OptimWrapper is OptimWrapper);
    }

    public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments)
    {
        JsonElement row = golden.Of(golden.Case, "val_metrics")!.Value[validations++];
        Near.Float("mean of the validation", row.GetProperty("val/mean").Number(), arguments.Metrics["val/mean"].Number);
        arguments.Metrics["val/order"].Array.Should().Equal(row.GetProperty("val/order").EnumerateArray().Select(index => index.Number()));
    }
}
