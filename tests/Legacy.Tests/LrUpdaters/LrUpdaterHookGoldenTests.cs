using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.LrUpdaters;

/// <summary>The learning rate of every iteration, and refused settings.</summary>
[Trait("Category", "Golden")]
public sealed class LrUpdaterHookGoldenTests
{
    private static readonly GoldenCases File = new("legacy_lr_updaters.json");

    // Not there yet: the other policies, IterBasedRunner, resuming. 'fixed' is a hook of this test, as a user would derive one.
    public static TheoryData<string> Cases => File.Where(entry =>
        Policy(entry) is "step" or "fixed"
        && GoldenCases.Text(entry, "runner") == "EpochBasedRunner"
        && !GoldenCases.Has(entry, "resume_after_epochs"));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Learning_rates_are_those_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        JsonElement config = golden.GetProperty("lr_config");
        bool isRefused = GoldenCases.Has(golden, "error");
        if (isRefused && RuledOutByType(config))
        {
            return;
        }

        if (isRefused)
        {
            Action make = () => Make(config).Build();
            make.Should().Throw<ArgumentException>();
            return;
        }

        OptimizerSet optimizers = Optimizers(golden);
        using SelfUpdatingModel model = new(optimizers);
        ListLogger logger = new();
        using EpochBasedRunner runner = new(
            model, new RunnerOptions { Logger = logger, Optimizer = optimizers, MaxEpochs = golden.GetProperty("max_epochs").GetInt32() });
        List<OptimizerSnapshot> seen = [];
        runner.RegisterLrHook(Make(config));
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = inner => seen.Add(inner.CurrentLr()) });

        runner.Run([ToyDataset.Loader(2 * golden.GetProperty("loader_len").GetInt32())], [("train", 1)]);

        logger.DoubtsAboutTraining.Should().BeEmpty();
        foreach ((string name, JsonElement groups) in ByOptimizer(golden.GetProperty("lr")))
        {
            for (int group = 0; group < groups.GetArrayLength(); group++)
            {
                ShouldBe(GoldenCases.Numbers(groups[group]), [.. seen.Select(lr => lr.Values.Single(entry => entry.Key == name).Value[group])]);
            }
        }
    }

    private static void ShouldBe(double[] expected, double[] actual)
    {
        actual.Should().HaveSameCount(expected).And.NotBeEmpty();
        for (int i = 0; i < expected.Length; i++)
        {
            GoldenTolerance.IsSameDouble(expected[i], actual[i]).Should().BeTrue("at iteration {0} it is {1:R} there and {2:R} here", i, expected[i], actual[i]);
        }
    }

    // Types Warmup (an enum) and StepLrConfig.Step (whole numbers) cannot hold these.
    private static bool RuledOutByType(JsonElement config) =>
        (config.TryGetProperty("warmup", out JsonElement warmup) && !Enum.TryParse<Warmup>(warmup.GetString(), ignoreCase: true, out _))
        || (config.TryGetProperty("step", out JsonElement step) && step.ValueKind == JsonValueKind.Number && !step.TryGetInt32(out _));

    private static string? Policy(JsonElement entry) => GoldenCases.Has(entry, "lr_config") ? GoldenCases.Text(entry.GetProperty("lr_config"), "policy") : null;

    private static IEnumerable<(string Name, JsonElement Groups)> ByOptimizer(JsonElement lr) => lr.ValueKind == JsonValueKind.Array
        ? [(string.Empty, lr)]
        : lr.EnumerateObject().Select(entry => (entry.Name, entry.Value));

    private static LrConfig Make(JsonElement config)
    {
        LrConfig made = config.GetProperty("policy").GetString() == "fixed" ? new FixedLrConfig() : Step(config);
        Warmup warmup = config.TryGetProperty("warmup", out JsonElement name) ? Enum.Parse<Warmup>(name.GetString()!, ignoreCase: true) : Warmup.None;
        return made with
        {
            ByEpoch = !config.TryGetProperty("by_epoch", out JsonElement byEpoch) || byEpoch.GetBoolean(),
            Warmup = warmup,
            WarmupIters = config.TryGetProperty("warmup_iters", out JsonElement iters) ? iters.GetInt32() : 0,
            WarmupRatio = config.TryGetProperty("warmup_ratio", out JsonElement ratio) ? ratio.GetDouble() : made.WarmupRatio,
            WarmupByEpoch = config.TryGetProperty("warmup_by_epoch", out JsonElement warmupByEpoch) && warmupByEpoch.GetBoolean(),
        };
    }

    private static StepLrConfig Step(JsonElement config)
    {
        JsonElement step = config.GetProperty("step");
        bool isInterval = step.ValueKind == JsonValueKind.Number;
        StepLrConfig made = new()
        {
            Step = isInterval ? [step.GetInt32()] : [.. step.EnumerateArray().Select(entry => entry.GetInt32())],
            StepIsInterval = isInterval,
            MinLr = config.TryGetProperty("min_lr", out JsonElement floor) ? floor.GetDouble() : null,
        };
        return config.TryGetProperty("gamma", out JsonElement gamma) ? made with { Gamma = gamma.GetDouble() } : made;
    }

    private static OptimizerSet Optimizers(JsonElement golden) => golden.TryGetProperty("optimizers", out JsonElement named)
        ? new OptimizerSet(named.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, Optimizer(entry.Value))))
        : new OptimizerSet(Optimizer(golden.GetProperty("optimizer")));

    private static optim.Optimizer Optimizer(JsonElement options)
    {
        double[] rates = GoldenCases.Numbers(options.GetProperty("lr"));
        return options.GetProperty("type").GetString() switch
        {
            "SGD" => optim.SGD(rates.Select(lr => new SGD.ParamGroup([new Parameter(zeros(1))], lr)), rates[0]),
            "Adam" => optim.Adam(rates.Select(lr => new Adam.ParamGroup([new Parameter(zeros(1))], lr))),
            string other => throw new InvalidDataException($"There is no optimizer {other} here."),
            null => throw new InvalidDataException("The optimizer has no type."),
        };
    }

    /// <summary>A model of the parameters that the optimizers hold. It counts them up by itself: only the rates matter here.</summary>
    private sealed class SelfUpdatingModel : nn.Module, ITrainStep
    {
        public SelfUpdatingModel(OptimizerSet optimizers)
            : base(nameof(SelfUpdatingModel))
        {
            Parameter[] all = [.. optimizers.All.SelectMany(entry => entry.Value.parameters())];
            for (int i = 0; i < all.Length; i++)
            {
                register_parameter($"p{i}", all[i]);
            }
        }

        public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
        {
            using IDisposable guard = no_grad();
            foreach (Parameter parameter in parameters())
            {
                parameter.add_(1);
            }

            return new();
        }
    }

    private sealed record FixedLrConfig : LrConfig
    {
        public override LrUpdaterHook Build() => new FixedLrUpdaterHook(this);
    }

    private sealed class FixedLrUpdaterHook(LrConfig config) : LrUpdaterHook(config)
    {
        protected override double GetLr(BaseRunner runner, double baseLr) => baseLr;
    }
}
