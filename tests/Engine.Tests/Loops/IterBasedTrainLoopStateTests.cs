using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

/// <summary>A training by iteration, cut anywhere, goes on bit for bit: data, dropout, validations.</summary>
public sealed class IterBasedTrainLoopStateTests
{
    private const int Iterations = 13;

    // Three passes over five batches, with a validation after every fourth iteration and the last one.
    public static TheoryData<string, string> Cuts
    {
        get
        {
            TheoryData<string, string> cuts = [];
            foreach (string sampler in (string[])["random", "default", "infinite", "workers"])
            {
                cuts.Add(sampler, "before_train 0");
                for (int iter = 1; iter <= Iterations; iter++)
                {
                    cuts.Add(sampler, $"after_train_iter {iter}");
                    cuts.Add(sampler, $"between {iter}");
                }

                cuts.Add(sampler, "after_val_epoch 4");
                cuts.Add(sampler, "after_val_epoch 8");
                cuts.Add(sampler, "after_train_epoch 13");
                cuts.Add(sampler, "after_train 13");
            }

            return cuts;
        }
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void A_run_that_was_cut_goes_on_exactly(string sampler, string when)
    {
        using DisposeScope scope = NewDisposeScope();
        (float[] straight, List<string> points) = Train(sampler, Iterations);
        SavingHook saving = new(when);
        Train(sampler, Iterations, saving);

        (float[] resumed, List<string> rest) = Train(sampler, Iterations, new ResumeHook(saving.State!, saving.Weights!));

        resumed.Should().Equal(straight);
        rest.Should().Equal(points[(points.Count - rest.Count)..], "the resumed run does what was left");
        int iter = int.Parse(when.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        rest.Count(point => point.StartsWith("train", StringComparison.Ordinal)).Should().Be(Iterations - iter);
    }

    [Theory]
    [InlineData("random", "after_train_epoch 7")]
    [InlineData("default", "after_train 7")]
    [InlineData("infinite", "after_train_epoch 7")]
    public void A_run_that_was_over_goes_on_to_a_longer_one(string sampler, string when)
    {
        using DisposeScope scope = NewDisposeScope();
        (float[] straight, List<string> points) = Train(sampler, Iterations, validates: false);
        SavingHook saving = new(when);
        Train(sampler, 7, validates: false, saving);

        (float[] resumed, List<string> rest) = Train(sampler, Iterations, validates: false, new ResumeHook(saving.State!, saving.Weights!));

        saving.State!["epoch"].Should().Be(new PthInteger(0));
        resumed.Should().Equal(straight);
        rest.Should().Equal(points[7..]);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("dataloader")]
    [InlineData("passes")]
    public void Without_a_part_of_the_state_it_ends_somewhere_else(string part)
    {
        using DisposeScope scope = NewDisposeScope();
        (float[] straight, _) = Train("default", Iterations);
        SavingHook saving = new("after_train_iter 7");
        SavingHook other = new("after_train_iter 3");
        Train("default", Iterations, saving);
        Train("default", Iterations, other);
        saving.State![part] = other.State![part];

        Train("default", Iterations, new ResumeHook(saving.State, saving.Weights!)).Weights.Should().NotEqual(straight);
    }

    [Fact]
    public void A_state_of_a_loop_by_epoch_is_refused_and_the_other_way_round()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestRun first = new();
        using TestRun second = new();
        PthDict? byIter = null;
        PthDict? byEpoch = null;
        first.Train(first.Options with { TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 1 } }, new AtEndHook(loop => byIter = loop.SaveState()));
        second.Train(second.Options, new AtEndHook(loop => byEpoch = loop.SaveState()));
        using TestRun third = new();
        using TestRun fourth = new();

        Action intoIter = () => third.Train(third.Options with { TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 1 } }, new AtEndHook(loop => loop.LoadState(byEpoch!)));
        Action intoEpoch = () => fourth.Train(fourth.Options, new AtEndHook(loop => loop.LoadState(byIter!)));

        intoIter.Should().Throw<PthException>().WithMessage("The state lacks 'passes', which must be a whole number. Give what SaveState returned.");
        intoEpoch.Should().Throw<PthException>().WithMessage(
            "The state is that of a loop by iteration: it has 'passes'. Resume with IterBasedTrainLoopOptions, or begin the training anew.");
    }

    private static (float[] Weights, List<string> Points) Train(string sampler, int iterations, params Hook[] hooks) => Train(sampler, iterations, validates: true, hooks);

    private static (float[] Weights, List<string> Points) Train(string sampler, int iterations, bool validates, params Hook[] hooks)
    {
        using TemporaryFolder folder = new();
        using NoisyModel model = new();
        TorchSeed.Set(hooks.Length == 0 || hooks[0] is SavingHook ? 5 : 77);
        RampDataset train = new(10);
        RampDataset val = new(4);
        PointsHook recorder = new();
        Sampler order = sampler switch
        {
            "random" or "workers" => new RandomSampler(train),
            "default" => new DefaultSampler(train, seed: 3),
            _ => new InfiniteSampler(train, seed: 3),
        };
        using Runner runner = new(new RunnerOptions
        {
            Model = model,
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            TrainDataloader = new BatchLoader(train, new() { BatchSize = 2, Sampler = order, NumWorkers = sampler == "workers" ? 2 : 0 }),
            TrainCfg = new IterBasedTrainLoopOptions { MaxIters = iterations, ValInterval = 4 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
            ValDataloader = validates ? new BatchLoader(val, new() { BatchSize = 2 }) : null,
            ValEvaluator = validates ? new Evaluator(new ConstantMetric("mAP", 0.5)) : null,
            CustomHooks = [.. hooks, recorder],
        });
        foreach (int _ in runner.TrainIterations())
        {
            hooks.OfType<SavingHook>().FirstOrDefault()?.Save(runner, $"between {runner.Progress.Iter}");
        }

        return (Weights(runner), recorder.Points);
    }

    private static float[] Weights(Runner runner) => [.. runner.Model.parameters().SelectMany(parameter => parameter.data<float>().ToArray())];

    private sealed class SavingHook(string when) : Hook
    {
        public PthDict? State { get; private set; }

        public float[]? Weights { get; private set; }

        public override void BeforeTrain(Runner runner) => Save(runner, "before_train 0");

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => Save(runner, $"after_train_iter {runner.Progress.Iter + 1}");

        public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) => Save(runner, $"after_val_epoch {runner.Progress.Iter}");

        public override void AfterTrainEpoch(Runner runner) => Save(runner, $"after_train_epoch {runner.Progress.Iter}");

        public override void AfterTrain(Runner runner) => Save(runner, $"after_train {runner.Progress.Iter}");

        public void Save(Runner runner, string moment)
        {
            if (moment == when && State is null)
            {
                State = runner.TrainLoop!.SaveState();
                ((PthTensor)((PthDict)State["random"])["cpu"]).Value.DetachFromDisposeScope();
                if (((PthDict)State["dataloader"])["generator"] is PthTensor generator)
                {
                    generator.Value.DetachFromDisposeScope();
                }

                Weights = IterBasedTrainLoopStateTests.Weights(runner);
            }
        }
    }

    private sealed class ResumeHook(PthDict state, float[] weights) : Hook
    {
        public override void BeforeTrain(Runner runner)
        {
            runner.TrainLoop!.LoadState(state);
            int next = 0;
            using IDisposable guard = no_grad();
            foreach (Parameter parameter in runner.Model.parameters())
            {
                int count = (int)parameter.numel();
                parameter.copy_(tensor(weights[next..(next + count)]).reshape(parameter.shape));
                next += count;
            }
        }
    }

    private sealed class AtEndHook(Action<TrainLoop> act) : Hook
    {
        public override void AfterTrain(Runner runner) => act(runner.TrainLoop!);
    }

    private sealed class PointsHook : Hook
    {
        public List<string> Points { get; } = [];

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) =>
            Points.Add($"train {runner.Progress.Epoch} {arguments.BatchIndex}: {string.Join(' ', arguments.Batch.Indices)}");

        public override void BeforeValIter(Runner runner, BeforeIterArguments arguments) => Points.Add($"val {runner.Progress.Iter}");
    }
}
