using System.Text.Json;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>The stored GANs that MMEngine trained with an <c>OptimWrapperDict</c>. Those that MMCV trained belong to the old side.</summary>
[Trait("Category", "Golden")]
public sealed class GanGoldenTests
{
    private static readonly JsonElement Golden = GoldenFile.Read("gan.json");

    public static TheoryData<string, GoldenOptimizerKind> Ids => GoldenIds.Of(Golden, one => one.GetProperty("kind").GetString() == "mmengine");

    [Fact]
    public void There_are_runs_of_both_originals() => Golden.GetProperty("cases").EnumerateArray().Select(one => one.GetProperty("kind").GetString()).Distinct()
        .Should().BeEquivalentTo("mmcv", "mmengine");

    [Theory]
    [MemberData(nameof(Ids))]
    public void Both_networks_are_those_of_the_original_after_every_iteration(string id, GoldenOptimizerKind kind)
    {
        JsonElement golden = GoldenIds.Find(Golden, id);
        using GoldenGan model = new(Golden);
        using ListDataset dataset = Dataset();
        using BatchLoader loader = new(dataset, new() { BatchSize = Golden.GetProperty("batch_size").GetInt32() });
        using TemporaryFolder folder = new();
        OptimWrapperDictOptions wrappers = [];
        foreach (JsonProperty member in golden.GetProperty("optim_wrapper").EnumerateObject())
        {
            wrappers[member.Name] = GoldenWrapper.Read(member.Value, new GoldenOptimizerOptions(member.Value.GetProperty("optimizer"), kind));
        }

        RowHook rows = new(golden, model);
        GoldenTraining.Run(golden, new RunnerOptions
        {
            Model = model,
            WorkDir = folder.Path,
            TrainDataloader = loader,
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = Golden.GetProperty("max_epochs").GetInt32() },
            OptimWrapper = wrappers,
        }, rows);

        rows.Seen.Should().Be(golden.GetProperty("iters").GetArrayLength()).And.BePositive();
        foreach (JsonProperty network in golden.GetProperty("final").EnumerateObject())
        {
            foreach (JsonProperty parameter in network.Value.EnumerateObject())
            {
                GoldenCheck.ShouldBe(parameter.Value, model.get_parameter($"{network.Name}.{parameter.Name}")!, parameter.Name);
            }
        }
    }

    private static ListDataset Dataset()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor all = GoldenTensor.Read(Golden.GetProperty("real"));
        return new(Enumerable.Range(0, (int)all.shape[0]).Select(i => new ToyBatch(all[i].clone(), zeros(1))));
    }

    private sealed class RowHook(JsonElement golden, GoldenGan model) : Hook
    {
        private readonly JsonElement[] rows = [.. golden.GetProperty("iters").EnumerateArray()];

        public int Seen { get; private set; }

        public override HookPriority Priority => HookPriority.VeryHigh;

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
        {
            JsonProperty[] rates = [.. rows[Seen].GetProperty("lr").EnumerateObject()];
            runner.OptimWrapper.LrEntries.Select(entry => entry.Name).Should().Equal(rates.Select(rate => rate.Name));
            runner.OptimWrapper.LrEntries.Zip(rates).Should().OnlyContain(pair => GoldenTolerance.IsSameDouble(pair.Second.Value[0].Number(), pair.First.Groups[0].Lr));
        }

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            using DisposeScope scope = NewDisposeScope();
            JsonElement row = rows[Seen++];
            GoldenCheck.ShouldBe(row.GetProperty("loss_d"), arguments.Outputs["loss_d"].Read(), $"loss_d at {Seen}");
            GoldenCheck.ShouldBe(row.GetProperty("loss_g"), arguments.Outputs["loss_g"].Read(), $"loss_g at {Seen}");
            foreach (string network in new[] { "generator", "discriminator" })
            {
                Tensor flat = cat([.. model.Network(network).parameters().Select(parameter => parameter.detach().reshape(-1))]).to(ScalarType.Float64);
                GoldenCheck.ShouldBe(row.GetProperty(network).GetProperty("sum"), flat.sum().item<double>(), $"the sum of {network} at {Seen}");
                GoldenCheck.ShouldBe(row.GetProperty(network).GetProperty("abs_sum"), flat.abs().sum().item<double>(), $"the absolute sum of {network} at {Seen}");
                GoldenCheck.ShouldBe(row.GetProperty(network).GetProperty("first8"), flat[..8], $"{network} at {Seen}");
            }
        }
    }
}
