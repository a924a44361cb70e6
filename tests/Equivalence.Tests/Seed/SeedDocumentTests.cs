using System.Globalization;
using System.Text.RegularExpressions;
using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Models;
using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Equivalence.Tests.Seed.Page;
using Compat.Legacy;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;
using Runner = Compat.Engine.Runner;
using RunnerOptions = Compat.Engine.RunnerOptions;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>The seed document, block by block in its order: the Python block's meaning in C#, run. What is wrong in it: <see cref="SeedMistakesTests"/>.</summary>
public sealed partial class SeedDocumentTests
{
    // Recorded from MMCV 1.7.2 with the two networks of SeedGan; the weights and biases of both after five iterations.
    private static readonly float[] ClearedFirst = [0.526353120803833f, 0.20541244745254517f, 0.46555009484291077f, -0.20849177241325378f];
    private static readonly float[] AsPrinted = [0.5262385606765747f, 0.20495423674583435f, 0.50568026304245f, -0.02324986457824707f];

    [Fact]
    [Trait("Category", "Golden")]
    public void Block_1_the_old_program_prints_what_MMCV_printed()
    {
        IReadOnlyList<string> output = CompiledProgram.Run(GuideSources.Program("OldToy"));

        TrainingLines(output).Should().Equal(GoldenLines("mmcv"));
        output[^1].Should().Be("weight 0.7498181, bias 0.2498183");
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void Block_2_the_new_program_prints_what_MMEngine_printed_for_the_faithful_port()
    {
        IReadOnlyList<string> output = CompiledProgram.Run(GuideSources.Program("NewToy"));

        TrainingLines(output).Should().Equal(GoldenLines("faithful"));
        output[^1].Should().Be("weight 0.7498181, bias 0.2498183");
    }

    [Fact]
    public void Block_2_the_first_program_of_the_readme_trains()
    {
        string last = TrainingLines(CompiledProgram.Run(GuideSources.Program("FirstProgram")))[^1];

        last.Should().StartWith("Epoch(train) [5][20/25]  lr: 1.0000e-04");
        double.Parse(Regex.Match(last, @"  loss: ([\d.]+)").Groups[1].Value, CultureInfo.InvariantCulture).Should().BeLessThan(0.1);
    }

    [Fact]
    public void Block_3_the_old_step_returns_loss_num_samples_and_log_vars()
    {
        using DisposeScope scope = NewDisposeScope();
        using LegacyToyModel model = new();

        StepOutputs outputs = model.TrainStep(new ToyBatch(ones(2, 1), ones(2, 1)), null);

        outputs.Loss!.item<float>().Should().BeApproximately(2 * (0.81f + 0.9f), 1e-5f, "the old model sums over the batch");
        outputs.NumSamples.Should().Be(2);
        outputs.LogVars!.Names.Should().Equal("loss1", "loss2");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Block_4_the_train_step_of_the_base_is_its_four_lines_and_takes_the_mean_of_each_loss(bool sums)
    {
        using DisposeScope scope = NewDisposeScope();
        using EngineToyModel model = new(sums);
        using EngineToyModel byHand = new(sums);
        OptimWrapperOptions options = new() { Optimizer = new FusedSgdOptions { Lr = 0.01 } };
        using BaseOptimWrapper wrapper = options.Build(model);
        using BaseOptimWrapper wrapperByHand = options.Build(byHand);
        ToyBatch data = new(ones(2, 1), ones(2, 1));

        LogVars logVars = model.TrainStep(data, wrapper);
        LossDict losses = byHand.Loss(byHand.DataPreprocessor.Process(data, training: true));
        (Tensor loss, LogVars logVarsByHand) = byHand.ParseLosses(losses);
        wrapperByHand.UpdateParams(loss);

        logVars.Names.Should().Equal("loss", "loss1", "loss2").And.Equal(logVarsByHand.Names);
        logVars["loss"].Tensor!.item<float>().Should().BeApproximately((sums ? 2 : 1) * (0.81f + 0.9f), 1e-5f);
        model.parameters().Select(weight => weight.item<float>()).Should().Equal(byHand.parameters().Select(weight => weight.item<float>())).And.NotContain(0.3f);
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(false, false, false)]
    public void Block_5_the_old_turns_train_right_if_they_clear_first_or_freeze_and_leak_as_printed(bool clearsFirst, bool freezes, bool right)
    {
        using SeedGan model = new SeedGan(clearsFirst, freezes).Begin();
        using optim.Optimizer generator = optim.SGD(model.Part("generator").parameters(), 0.1);
        using optim.Optimizer discriminator = optim.SGD(model.Part("discriminator").parameters(), 0.1);
        OptimizerSet optimizers = new(new Dictionary<string, optim.Optimizer> { ["generator"] = generator, ["discriminator"] = discriminator });

        TrainingTrace trace = SeedTrainings.Old(model, optimizers, hook: null, ToyDataset.Loader(10));

        SeedTrainings.Weights(trace)[^1].Select(weight => (float)weight).Should().Equal(right ? ClearedFirst : AsPrinted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Block_6_the_new_turns_train_right_if_they_freeze_and_leak_as_printed(bool freezes)
    {
        using SeedGan model = new SeedGan(clearsFirst: false, freezes).Begin();
        OptimWrapperOptions wrapper = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } };

        TrainingTrace trace = SeedTrainings.New(model, new OptimWrapperDictOptions { ["generator"] = wrapper, ["discriminator"] = wrapper }, ToyDataset.Loader(10));

        SeedTrainings.Weights(trace)[^1].Select(weight => (float)weight).Should().Equal(freezes ? ClearedFirst : AsPrinted);
    }

    [Fact]
    public void Block_7_predictions_are_a_list_that_validation_and_test_measure()
    {
        using TemporaryFolder folder = new();
        using PredictingToyModel model = new();
        using Runner runner = new(new RunnerOptions
        {
            Model = model,
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            TrainDataloader = ToyDataset.Loader(),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            ValDataloader = ToyDataset.Loader(5),
            ValEvaluator = new Evaluator(new MeanDistance()),
            TestDataloader = ToyDataset.Loader(5),
            TestEvaluator = new Evaluator(new MeanDistance()),
        });

        double untrained = runner.Test()["distance"].Number;
        runner.Train();
        double trained = runner.Val()["distance"].Number;

        untrained.Should().BeApproximately(0.9, 1e-6);
        trained.Should().BeLessThan(0.2);
        runner.Test()["distance"].Number.Should().Be(trained);
    }

    [Fact]
    public void Block_8_a_wrapped_old_model_trains_as_alone_in_one_process()
    {
        using LegacyToyModel model = new();

        OldDistributedToy.Train(model, Launcher.None);

        model.parameters().First().item<float>().ToString("F7", CultureInfo.InvariantCulture).Should().Be("0.7498181");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Blocks_9_and_10_a_launcher_and_a_wrapper_are_settings_of_the_new_runner(bool wrapped)
    {
        using TemporaryFolder folder = new();
        using EngineToyModel model = new(sums: true);
        RunnerOptions options = NewDistributedToy.Options(model, folder.Path, Launcher.None);
        using Runner runner = new(wrapped ? NewDistributedToy.Wrapped(options) : options);

        runner.Train();

        (runner.Model is MMSeparateDistributedDataParallel).Should().Be(wrapped);
        model.parameters().First().item<float>().ToString("F7", CultureInfo.InvariantCulture).Should().Be("0.7498181");
    }

    [Fact]
    public void Block_9_the_launcher_of_the_seed_is_refused_with_the_line_to_write()
    {
        using TemporaryFolder folder = new();
        using EngineToyModel model = new(sums: true);
        Action make = () => new Runner(NewDistributedToy.Options(model, folder.Path, Launcher.Pytorch)).Dispose();

        make.Should().Throw<NotSupportedException>().WithMessage(
            "Launcher is Pytorch, but processes that torchrun starts cannot train together yet; Mpi and None can. Write Launcher = Launcher.Mpi, and start the "
            + "program with mpirun -n 2 dotnet program.dll.");
    }

    // Recorded from MMEngine 0.11: one epoch of five batches, each augmented first and as it came second.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Blocks_11_to_13_two_updates_per_batch_are_those_of_MMEngine_in_the_model_or_in_a_wrapper_of_ones_own(bool inWrapper)
    {
        using BaseModel model = inWrapper ? new OnceModel(new DoublingPreprocessor()) : new TwiceModel(new DoublingPreprocessor());
        OptimWrapperOptions wrapper = new() { Optimizer = new FusedSgdOptions { Lr = 0.01 } };

        TrainingTrace trace = SeedTrainings.New(model, wrapper, ToyDataset.Loader(10), inWrapper ? new TwiceWrapperOptions() : null);

        SeedTrainings.Weights(trace)[^1].Select(weight => (float)weight).Should().Equal(0.4560742676258087f, -0.08436577767133713f);
    }

    [Theory]
    [MemberData(nameof(StrategyIndices))]
    public void The_strategies_of_the_old_hooks_are_settings_of_the_new_wrapper_bit_for_bit(int index)
    {
        IReadOnlyList<double[]> old = SeedTrainings.Weights(SeedTrainings.OldToy(Strategies.Old[index]));
        IReadOnlyList<double[]> migrating = SeedTrainings.Weights(SeedTrainings.OldToy(Strategies.Old[index], onEngine: true));
        IReadOnlyList<double[]> ported = SeedTrainings.Weights(SeedTrainings.NewToy(Strategies.New(new FusedSgdOptions { Lr = 0.01 })[index]));

        old.Should().HaveCount(17);
        migrating.SelectMany(row => row).Should().Equal(old.SelectMany(row => row));
        ported.SelectMany(row => row).Should().Equal(old.SelectMany(row => row));
    }

    [Fact]
    public void Each_strategy_acts()
    {
        double[] plain = Updated(0);

        plain.Should().HaveCount(17);
        Updated(1).Should().HaveCount(17).And.NotEqual(plain);
        Updated(2).Should().HaveCount(6, "17 iterations are five windows of 3 and one of 2");
        Updated(3).Should().Equal(plain, "a scale that is a power of two changes no bit");
        Updated(4).Should().Equal(Updated(2));
    }

    [Fact]
    public void Between_both_the_old_model_trains_on_the_new_runner_whole_or_by_its_terms()
    {
        using LegacyToyModel whole = new();
        using LegacyToyModel byTerms = new();
        using LegacyToyModel tooFew = new();
        OptimWrapperOptions wrapper = new() { Optimizer = new FusedSgdOptions { Lr = 0.01 } };
        IReadOnlyList<LossTerm> terms = [("loss1", LossReduction.Sum), ("loss2", LossReduction.Sum)];
        double[] old = SeedTrainings.Weights(SeedTrainings.OldToy(new OptimizerConfig()))[^1];
        Action trainTooFew = () => SeedTrainings.New(tooFew.AsEngine([terms[0]]), wrapper, ToyDataset.Loader(33));

        SeedTrainings.Weights(SeedTrainings.New(whole.AsEngine(), wrapper, ToyDataset.Loader(33)))[^1].Should().Equal(old);
        SeedTrainings.Weights(SeedTrainings.New(byTerms.AsEngine(terms), wrapper, ToyDataset.Loader(33)))[^1].Should().Equal(old);
        trainTooFew.Should().Throw<CompatException>().WithMessage("COMPAT0106*");
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, "iteration 1, loss, loss: 3.419999837875366 against 1.709999918937683")]
    public void A_port_is_proved_by_its_trace_and_the_printed_one_is_caught_at_its_first_loss(bool sums, string? difference)
    {
        OptimWrapperOptions wrapper = new() { Optimizer = new FusedSgdOptions { Lr = 0.01 } };

        TrainingTrace old = SeedTrainings.OldToy(new OptimizerConfig());
        TrainingTrace ported = SeedTrainings.NewToy(wrapper, sums);
        ComparisonRules rules = ComparisonRules.LegacyAgainstEngine with { LeftOut = [Observation.LogValues] };
        TraceComparison comparison = TraceComparison.Of(old, ported, rules);

        comparison.FirstDifference?.ToString().Should().Be(difference);
        comparison.Agrees.Should().Be(difference is null);
    }

    [Theory]
    [InlineData(Warmup.Linear, 11, null)]
    [InlineData(Warmup.Linear, 10, "iteration 2, learning rate, lr: 0.0018999999999999996 against 0.002")]
    [InlineData(Warmup.Constant, 11, null)]
    [InlineData(Warmup.Constant, 10, "iteration 10, learning rate, lr: 0.001 against 0.01")]
    public void A_warm_up_is_a_schedule_that_ends_one_iteration_later(Warmup warmup, int end, string? difference)
    {
        LrConfig old = Schedules.Old.LrConfig! with { Warmup = warmup };
        ParamSchedulerOptions linear = Schedules.New[0] with { End = end };
        ParamSchedulerOptions constant = new ConstantLrOptions { Factor = 0.1, End = end, Unit = ScheduleUnit.Iteration };
        ParamSchedulerOptions[] schedules = [warmup == Warmup.Linear ? linear : constant, Schedules.New[1]];
        ComparisonRules rules = ComparisonRules.LegacyAgainstEngine with { LeftOut = [Observation.LogValues], LearningRateUlps = 4096 };

        TraceComparison comparison = TraceComparison.Of(SeedTrainings.OldToy(old), SeedTrainings.NewToy(schedules), rules);

        comparison.FirstDifference?.ToString().Should().Be(difference);
        comparison.Agrees.Should().Be(difference is null);
    }

    public static TheoryData<int> StrategyIndices => [.. Enumerable.Range(0, Strategies.Old.Length)];

    // The weight after each iteration that changed it.
    private static double[] Updated(int strategy)
    {
        double[] weights = [ToyStart, .. SeedTrainings.Weights(SeedTrainings.OldToy(Strategies.Old[strategy])).Select(row => row[0])];
        return [.. weights.Skip(1).Zip(weights).Where(pair => pair.First != pair.Second).Select(pair => pair.First)];
    }

    private const double ToyStart = 0.3f;

    private static string[] TrainingLines(IEnumerable<string> output) =>
    [
        .. output.Select(line => Regex.Match(line, @" - INFO - (Epoch.*)$")).Where(match => match.Success).Select(match => TimeFields().Replace(match.Groups[1].Value, "$1*")),
    ];

    private static string[] GoldenLines(string program) =>
    [
        .. GoldenFile.Read("seed_toy.json").GetProperty("cases").GetProperty(program).GetProperty("lines").EnumerateArray().Select(line => line.GetString()!),
    ];

    [GeneratedRegex(@"((?:eta|data_time|\btime): )[\d:.]+")]
    private static partial Regex TimeFields();

    /// <summary>The toy with the seed's preprocessing and the training step of the base.</summary>
    private sealed class OnceModel : BaseModel<ToyBatch>
    {
        private readonly TorchSharp.Modules.Linear linear = nn.Linear(1, 1);

        public OnceModel(BaseDataPreprocessor preprocessor)
            : base(preprocessor)
        {
            RegisterComponents();
            nn.init.constant_(linear.weight, 0.3);
            nn.init.constant_(linear.bias!, -0.2);
        }

        protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = (linear.forward(batch.Img) - batch.Label).pow(2) };
    }
}
