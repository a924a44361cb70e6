using System.Text.Json;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Distributed;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Compares every iteration with its row, after all other hooks.</summary>
internal sealed class LegacyRowHook(GoldenRank golden, GoldenNet net, ICollectives collectives, bool onEngine) : Hook
{
    private readonly StateCheck state = new(golden, net, collectives);
    private double lr;

    public int Rows { get; private set; }

    public List<float[]> Weights { get; } = [];

    public override void BeforeTrainIter(BaseRunner runner) => lr = runner.CurrentLr().First;

    public override void AfterTrainIter(BaseRunner runner)
    {
        string at = $"at {Rows}";
        Weights.Add(net.Weights());
        if (LegacyDefects.NumbersDiffer(golden) || (onEngine && LegacyDefects.StartsApart(golden)))
        {
            state.ParametersAreEqualOnAllRanks(at);
            Rows++;
            return;
        }

        JsonElement row = golden.Iters[Rows++];
        runner.DataBatch!.Indices.Should().Equal(golden.Of(row, "indices")!.Value.EnumerateArray().Select(index => index.GetInt32()));
        Near.Float($"loss {at}", golden.Of(row, "loss")!.Value.Number(), runner.Outputs!.Loss!.item<float>());
        if (golden.Of(row, "lr") is { } rate)
        {
            Near.Rate($"lr {at}", rate.Number(), lr);
        }

        if (golden.Of(row, "grad_norm") is { } norm)
        {
            runner.LogBuffer.Average(1);
            Near.Float($"norm {at}", norm.Number(), runner.LogBuffer.Output["grad_norm"]);
        }

        state.Compare(row, at, withGradients: true);
    }
}
