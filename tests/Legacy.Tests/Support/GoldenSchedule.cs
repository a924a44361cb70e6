using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>A run of a golden case of schedules: the values of every group at every training iteration.</summary>
public sealed class GoldenSchedule
{
    public List<OptimizerSnapshot> Lr { get; } = [];

    public List<OptimizerSnapshot> Momentum { get; } = [];

    /// <summary>Trains with the schedules that are registered; where the case resumes, once up to there and again with optimizers that only got the state.</summary>
    public static GoldenSchedule Run(JsonElement golden, Action<WorkflowRunner> register)
    {
        GoldenSchedule schedule = new();
        if (!golden.TryGetProperty("resume_after_epochs", out JsonElement epochs))
        {
            schedule.Train(golden, Optimizers(golden), register, new RunnerState());
            return schedule;
        }

        int length = golden.GetProperty("loader_len").GetInt32();
        OptimizerSet resumed = Optimizers(golden);
        new GoldenSchedule().Train(golden, Optimizers(golden), register, new RunnerState(), epochs.GetInt32() * length, resumed.Single);
        schedule.Train(golden, resumed, register, new RunnerState { Epoch = epochs.GetInt32(), Iter = epochs.GetInt32() * length });
        return schedule;
    }

    /// <summary>Compares recorded values, groups of one or of several optimizers, with those of the run.</summary>
    public void ShouldBe(JsonElement recorded, List<OptimizerSnapshot> seen)
    {
        foreach ((string name, JsonElement groups) in ByOptimizer(recorded))
        {
            for (int group = 0; group < groups.GetArrayLength(); group++)
            {
                Near(GoldenCases.Numbers(groups[group]), [.. seen.Select(values => values.Values.Single(entry => entry.Key == name).Value[group])]);
            }
        }
    }

    private static void Near(double[] expected, double[] actual)
    {
        actual.Should().HaveSameCount(expected).And.NotBeEmpty();
        for (int i = 0; i < expected.Length; i++)
        {
            GoldenTolerance.IsSameDouble(expected[i], actual[i]).Should().BeTrue("at iteration {0} it is {1:R} there and {2:R} here", i, expected[i], actual[i]);
        }
    }

    private static IEnumerable<(string Name, JsonElement Groups)> ByOptimizer(JsonElement values) => values.ValueKind == JsonValueKind.Array
        ? [(string.Empty, values)]
        : values.EnumerateObject().Select(entry => (entry.Name, entry.Value));

    private static OptimizerSet Optimizers(JsonElement golden) => golden.TryGetProperty("optimizers", out JsonElement named)
        ? new OptimizerSet(named.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, Optimizer(entry.Value))))
        : new OptimizerSet(Optimizer(golden.GetProperty("optimizer")));

    private static optim.Optimizer Optimizer(JsonElement options)
    {
        double[] rates = GoldenCases.Numbers(options.GetProperty("lr"));
        optim.Optimizer made = options.GetProperty("type").GetString() switch
        {
            "SGD" => optim.SGD(rates.Select(lr => new SGD.ParamGroup([new Parameter(zeros(1))], lr)), rates[0]),
            "Adam" => optim.Adam(rates.Select(lr => new Adam.ParamGroup([new Parameter(zeros(1))], lr))),
            "Adagrad" => optim.Adagrad(rates.Select(lr => new Adagrad.ParamGroup([new Parameter(zeros(1))], lr))),
            string other => throw new InvalidDataException($"There is no optimizer {other} here."),
            null => throw new InvalidDataException("The optimizer has no type."),
        };
        double[] momenta = options.TryGetProperty("momentum", out JsonElement momentum)
            ? GoldenCases.Numbers(momentum)
            : options.TryGetProperty("betas", out JsonElement betas) ? [.. betas.EnumerateArray().Select(pair => pair[0].Number())] : [];
        foreach ((OptimizerGroup group, double value) in OptimizerGroup.Of(made).Zip(momenta))
        {
            group.Momentum = value;
        }

        return made;
    }

    private void Train(
        JsonElement golden, OptimizerSet optimizers, Action<WorkflowRunner> register, RunnerState state, int stopAfter = int.MaxValue, optim.Optimizer? heir = null)
    {
        using SelfUpdatingModel model = new(optimizers);
        ListLogger logger = new();
        using WorkflowRunner runner = GoldenRunner.Make(model, golden, new RunnerOptions { Logger = logger, Optimizer = optimizers });
        (state.MaxEpochs, state.MaxIters) = (runner.MaxEpochs, runner.MaxIters);
        runner.UseState(state);
        register(runner);
        runner.RegisterHook(new ActionHook
        {
            AtAfterTrainIter = inner =>
            {
                Lr.Add(inner.CurrentLr());
                Momentum.Add(inner.CurrentMomentum());
            },
        });
        foreach (int iter in runner.RunIterations([ToyDataset.Loader(2 * golden.GetProperty("loader_len").GetInt32())], [("train", 1)]))
        {
            if (iter == stopAfter)
            {
                break;
            }
        }

        logger.DoubtsAboutTraining.Should().BeEmpty();
        heir?.LoadState(optimizers.Single.SaveState());
    }
}
