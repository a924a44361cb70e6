using System.Text.Json;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>The stored runs of MMEngine's <c>OptimWrapper</c> and <c>OptimWrapperDict</c>.</summary>
[Trait("Category", "Golden")]
public sealed class OptimWrapperGoldenTests
{
    private static readonly JsonElement Golden = GoldenFile.Read("engine_optim_wrapper.json");

    public static TheoryData<string, GoldenOptimizerKind> Ids => GoldenIds.Of(Golden);

    [Fact]
    public void Every_case_is_run() => Ids.Select(row => row[0]).Distinct().Should().HaveCount(Golden.GetProperty("cases").GetArrayLength());

    [Theory]
    [MemberData(nameof(Ids))]
    public void Losses_norms_gradients_and_weights_are_those_of_the_original_after_every_iteration(string id, GoldenOptimizerKind kind)
    {
        JsonElement golden = GoldenIds.Find(Golden, id);
        string name = golden.GetProperty("model").GetString()!;
        using GoldenNet model = new(name, Golden.GetProperty("initial_params").GetProperty(name));
        foreach (string frozen in GoldenIds.Strings(golden, "frozen"))
        {
            model.get_parameter(frozen)!.requires_grad = false;
        }

        JsonElement data = GoldenData.Of(Golden, name);
        using ListDataset dataset = GoldenData.Dataset(data);
        using BatchLoader loader = new(dataset, new() { BatchSize = data.GetProperty("batch_size").GetInt32() });
        using TemporaryFolder folder = new();
        RowHook rows = new(golden);

        GoldenTraining.Run(golden, GoldenTraining.Options(model, loader, GoldenWrapper.Of(golden, model, kind), folder.Path), rows);

        rows.Seen.Should().Be(golden.GetProperty("iters").GetArrayLength()).And.BePositive();
    }

    private static void ShouldBe(JsonElement expected, IReadOnlyList<LrEntry> entries, Func<OptimizerGroup, double> read)
    {
        JsonProperty[] named = [.. expected.EnumerateObject()];
        entries.Select(entry => entry.Name).Should().Equal(named.Select(entry => entry.Name));
        foreach ((LrEntry entry, JsonProperty want) in entries.Zip(named))
        {
            entry.Groups.Select(read).Zip(GoldenTensor.Numbers(want.Value)).Should()
                .OnlyContain(pair => GoldenTolerance.IsSameDouble(pair.Second, pair.First), $"{want.Name} is {want.Value}").And.HaveCount(want.Value.GetArrayLength());
        }
    }

    // Compares each iteration when all other hooks are done with it.
    private sealed class RowHook(JsonElement golden) : Hook
    {
        private readonly JsonElement[] rows = [.. golden.GetProperty("iters").EnumerateArray()];
        private int norms;

        public int Seen { get; private set; }

        public override HookPriority Priority => HookPriority.Lowest;

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
        {
            JsonElement row = rows[Seen];
            ShouldBe(row.GetProperty("lr"), runner.OptimWrapper.LrEntries, group => group.Lr);
            LrEntry[] momenta =
            [
                .. runner.OptimWrapper.LrEntries.Where(entry => !entry.Name.EndsWith("base_lr", StringComparison.Ordinal))
                    .Select(entry => entry with { Name = entry.Name[..^2] + "momentum" }),
            ];
            if (row.GetProperty("momentum").ValueKind == JsonValueKind.Object)
            {
                ShouldBe(row.GetProperty("momentum"), momenta, group => group.Momentum ?? 0);
            }
            else
            {
                momenta.Single().Groups.Select(group => group.Momentum ?? 0).Zip(GoldenTensor.Numbers(row.GetProperty("momentum")))
                    .Should().OnlyContain(pair => GoldenTolerance.IsSameDouble(pair.Second, pair.First));
            }
        }

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            using DisposeScope scope = NewDisposeScope();
            JsonElement row = rows[Seen++];
            string at = $"iteration {row.GetProperty("iter")}";
            (runner.Progress.Iter, runner.Progress.Epoch).Should().Be((row.GetProperty("iter").GetInt32(), row.GetProperty("epoch").GetInt32()));

            JsonProperty[] logged = [.. row.GetProperty("log_vars").EnumerateObject()];
            arguments.Outputs.Names.Should().Equal(logged.Select(value => value.Name));
            Array.ForEach(logged, value => GoldenCheck.ShouldBe(value.Value, arguments.Outputs[value.Name].Read(), $"{value.Name} at {at}"));
            GoldenCheck.ShouldBe(row.GetProperty("grad_norm"), LastNorm(runner), $"the norm at {at}");
            Counts(runner.OptimWrapper).Should().Equal(Numbers(row.GetProperty("inner_count")));
            nn.Module model = runner.Model.StateModule;
            foreach (JsonProperty expected in row.GetProperty("params").EnumerateObject())
            {
                GoldenCheck.ShouldBe(expected.Value, model.get_parameter(expected.Name)!, $"{expected.Name} at {at}");
            }

            foreach (JsonProperty expected in row.TryGetProperty("buffers", out JsonElement buffers) ? buffers.EnumerateObject() : default)
            {
                GoldenCheck.ShouldBe(expected.Value, model.get_buffer(expected.Name)!, $"{expected.Name} at {at}");
            }

            GoldenCheck.GradientsShouldBe(row.GetProperty("grad_abs_sum"), model, at);
        }

        private static int[] Counts(BaseOptimWrapper wrapper) =>
            wrapper is OptimWrapper single ? [single.InnerCount] : [.. wrapper.Members.Values.Cast<OptimWrapper>().Select(member => member.InnerCount)];

        private static int[] Numbers(JsonElement counts) => counts.ValueKind == JsonValueKind.Number
            ? [counts.GetInt32()]
            : [.. counts.EnumerateObject().Select(count => count.Value.GetInt32())];

        // What this iteration put into the hub.
        private double? LastNorm(Runner runner)
        {
            int before = norms;
            norms = runner.MessageHub.Scalars.TryGetValue("train/grad_norm", out Compat.Engine.Logging.HistoryBuffer? history) ? history.Count : 0;
            return norms > before ? history!.Current() : null;
        }
    }
}
