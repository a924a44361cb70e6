using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

/// <summary>The stored GANs that MMCV trained with a dictionary of optimizers. Those that MMEngine trained belong to the engine.</summary>
[Trait("Category", "Golden")]
public sealed class GanGoldenTests
{
    private static readonly GoldenCases Golden = new("gan.json");

    public static TheoryData<string> Ids => Golden.Where(entry => GoldenCases.Text(entry, "kind") == "mmcv");

    [Theory]
    [MemberData(nameof(Ids))]
    public void Both_networks_are_those_of_the_original_after_every_iteration(string id)
    {
        JsonElement golden = Golden[id];
        using GoldenGan model = new(Golden.Root);
        OptimizerSet optimizers = new(golden.GetProperty("optimizer").EnumerateObject().Select(entry => KeyValuePair.Create<string, optim.Optimizer>(
            entry.Name, GoldenOptimizers.Options(entry.Value).Build([new ParameterGroup(model.Network(entry.Name).parameters())], Implementation.Auto))));
        using EpochBasedRunner runner = new(model, new RunnerOptions
        {
            Logger = new ListLogger(),
            Optimizer = optimizers,
            MaxEpochs = Golden.Root.GetProperty("max_epochs").GetInt32(),
            Behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = true },  // recorded on PyTorch 1.13
        });
        int seen = 0;
        JsonElement[] rows = [.. golden.GetProperty("iters").EnumerateArray()];
        runner.RegisterTrainingHooks(new TrainingHookOptions
        {
            LrConfig = golden.TryGetProperty("lr_config", out JsonElement lr) ? GoldenConfigs.Lr(lr) : null,
            CustomHooks = [new ActionHook { AtAfterTrainIter = one => Compare(rows[seen++], one, model) }],
        });
        using GoldenNoise data = new(Golden.Root.GetProperty("real"));
        using BatchLoader loader = new(data, new() { BatchSize = Golden.Root.GetProperty("batch_size").GetInt32() });

        runner.Run([loader], [("train", 1)]);

        seen.Should().Be(rows.Length).And.BePositive();
        foreach (JsonProperty network in golden.GetProperty("final").EnumerateObject())
        {
            foreach (JsonProperty parameter in network.Value.EnumerateObject())
            {
                GoldenTraining.NearAll(parameter.Name, parameter.Value, model.get_parameter($"{network.Name}.{parameter.Name}")!);
            }
        }

        foreach ((_, optim.Optimizer optimizer) in optimizers.All)
        {
            optimizer.Dispose();
        }
    }

    private static void Compare(JsonElement row, BaseRunner runner, GoldenGan model)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, LogValue value) in runner.Outputs!.LogVars!)
        {
            GoldenTraining.Near(name, row.GetProperty(name).Number(), value.Read());
        }

        foreach ((string name, IReadOnlyList<double> rates) in runner.CurrentLr().Values)
        {
            rates.Should().HaveCount(1);
            GoldenTolerance.IsSameDouble(row.GetProperty("lr").GetProperty(name)[0].Number(), rates[0]).Should().BeTrue("the rate of the {0}", name);
            Tensor all = cat([.. model.Network(name).parameters().Select(parameter => parameter.detach().reshape(-1))]);
            GoldenTraining.Near($"sum of the {name}", row.GetProperty(name).GetProperty("sum").Number(), all.to(ScalarType.Float64).sum().item<double>());
            GoldenTraining.Near($"size of the {name}", row.GetProperty(name).GetProperty("abs_sum").Number(), all.to(ScalarType.Float64).abs().sum().item<double>());
            GoldenTraining.NearAll(name, row.GetProperty(name).GetProperty("first8"), all[..8]);
        }
    }

    private sealed class GoldenNoise : Dataset, IDisposable
    {
        private readonly Tensor real;

        public GoldenNoise(JsonElement shaped) => real = GoldenGan.Read(shaped).DetachFromDisposeScope();

        public override int Count => (int)real.shape[0];

        public override DataBatch this[int index] => new ToyBatch(real[index].clone(), zeros(1));

        public void Dispose() => real.Dispose();
    }
}
