using Compat.Adapters.Equivalence;
using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Equivalence;

public sealed class TraceRecorderTests
{
    private static readonly OptimizerConfig Clipping = new() { GradClip = new GradClipConfig(0.25) };

    [Theory]
    [InlineData("legacy")]
    [InlineData("translated")]
    [InlineData("kept")]
    [InlineData("native")]
    public void Every_way_of_training_has_every_stage_in_order(string way)
    {
        TrainingTrace trace = Record(way, Clipping);

        trace.Iterations.Should().HaveCount(6);
        foreach (IterationTrace iteration in trace.Iterations)
        {
            iteration.Stages.Select(stage => stage.Observation.Name).Should().Equal(
                "batch", "learning_rate", "momentum", "loss", "log_values", "gradients", "clipped_gradients", "weights", "buffers");
            iteration[Observation.Gradients].Values.Select(entry => entry.Key).Should()
                .Equal(iteration.Weights.Select(entry => entry.Key)).And.HaveCount(4);
        }
    }

    [Theory]
    [InlineData("translated")]
    [InlineData("kept")]
    [InlineData("native")]
    public void Every_stage_is_the_same_on_the_engine_as_on_the_legacy_runner(string way) => Same.Should(Record("legacy", Clipping), Record(way, Clipping));

    [Theory]
    [InlineData("legacy")]
    [InlineData("translated")]
    [InlineData("kept")]
    [InlineData("native")]
    public void Clipping_shows_between_the_two_stages_of_gradients(string way)
    {
        IterationTrace clipped = Record(way, Clipping).Iterations[0];
        IterationTrace plain = Record(way, new OptimizerConfig()).Iterations[0];

        double norm = Math.Sqrt(clipped[Observation.ClippedGradients].Tensors.Sum(entry => Math.Pow(entry.Value.ToDouble(), 2)));
        norm.Should().BeApproximately(0.25, 1e-5);
        Same.Should(Traces.Of(Only(plain, Observation.Gradients)), Traces.Of(Only(clipped, Observation.Gradients)));
        Same.Should(Traces.Of(Only(plain, Observation.Gradients)), Traces.Of(Renamed(Only(plain, Observation.ClippedGradients))));
        Compare(Only(clipped, Observation.Gradients), Renamed(Only(clipped, Observation.ClippedGradients))).Agrees.Should().BeFalse();
    }

    [Fact]
    public void A_model_that_steps_by_itself_has_neither_gradients_nor_a_loss_and_agrees_all_the_same()
    {
        static StepOutputs Step(ProbeModel model, ToyBatch batch, OptimizerSet? optimizers)
        {
            optim.Optimizer optimizer = optimizers!["main"];
            optimizer.zero_grad();
            model.Loss(batch).backward();
            optimizer.step();
            return new StepOutputs();
        }

        using Trainer legacy = new Trainer(step: Step, namesOptimizer: true).Train(onEngine: false);
        using Trainer engine = new Trainer(step: Step, namesOptimizer: true).Train(onEngine: true);

        legacy.Trace.Iterations[0].Stages.Select(stage => stage.Observation.Name).Should().Equal("batch", "learning_rate", "momentum", "weights", "buffers");
        legacy.Trace.Iterations[0].Find(Observation.Loss).Should().BeNull();
        legacy.Trace.Iterations[0][Observation.LearningRate].Values.Single().Key.Should().Be("main.lr");
        Text(legacy.Trace.Iterations[0], Observation.Momentum).Should().Be("[main.momentum, 0.9]");
        Same.Should(legacy.Trace, engine.Trace);
    }

    [Fact]
    public void A_legacy_hook_on_a_native_runner_sees_the_same_as_the_engines_own()
    {
        using ProbeModel model = new(new());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01, momentum: 0.9);
        TraceRecorder legacy = new("legacy hook");
        TraceRecorder engine = new("engine hook");

        Native(model.AsEngine(), optimizer, Clipping, engine, new LegacyTraceHook(legacy));

        Same.Should(engine.Trace, legacy.Trace);
        legacy.Trace.Iterations[5][Observation.ClippedGradients].Values.Should().HaveCount(4);
    }

    [Fact]
    public void All_groups_rates_and_momenta_are_there_and_not_the_default_values()
    {
        IterationTrace legacy = Groups(onEngine: false);
        IterationTrace engine = Groups(onEngine: true);

        Text(legacy, Observation.LearningRate).Should().Be("[lr, 0.02] [lr[1], 0.01]");
        Text(legacy, Observation.Momentum).Should().Be("[momentum, 0.9] [momentum[1], 0.9]");
        Text(engine, Observation.LearningRate).Should().Be(Text(legacy, Observation.LearningRate));
        Text(engine, Observation.Momentum).Should().Be(Text(legacy, Observation.Momentum));
    }

    [Fact]
    public void Several_updates_in_one_iteration_are_stages_of_their_own()
    {
        TrainingTrace trace = Record("legacy", null, new TwiceHook());

        trace.Iterations[0].Stages.Select(stage => stage.Observation.Name).Should().ContainInOrder(
            "gradients", "clipped_gradients", "gradients_2", "clipped_gradients_2", "weights");
    }

    [Fact]
    public void A_stage_of_the_users_own_stands_before_the_weights()
    {
        TraceRecorder recorder = new("mine");
        Observation seen = new("seen");

        TrainingTrace trace = Record("legacy", null, new ActionHook(runner => recorder.Observe(Traces.Number(seen, "iter", runner.Iter))), recorder);

        trace.Iterations[4][seen].Numbers.Single().Value.Should().Be(4);
        trace.Iterations[4].Stages.Select(stage => stage.Observation).Should().ContainInOrder(Observation.Loss, seen, Observation.Weights);
    }

    [Fact]
    public void A_stage_of_the_users_own_cannot_take_the_name_of_one_that_is_always_there()
    {
        TraceRecorder recorder = new("mine");

        TrainingTrace trace = Record(
            "legacy", null, new ActionHook(runner => recorder.Observe(Traces.Number(Observation.Weights, "iter", runner.Iter))), recorder);

        trace.Iterations[4][Observation.Weights.At(2)].Numbers.Single().Value.Should().Be(4);
        trace.Iterations[4].Weights.Should().HaveCount(4);
    }

    [Fact]
    public void Parameters_of_the_optimizer_that_are_not_the_models_are_seen()
    {
        using DisposeScope scope = NewDisposeScope();
        using Trainer trainer = new(runner => runner.RegisterHook(new StrangerHook()));

        trainer.Train(onEngine: false);

        string[] names = [.. trainer.Trace.Iterations[0][Observation.Gradients].Values.Select(entry => entry.Key)];
        names[0].Should().EndWith(".weight");
        names[1..].Should().Equal("parameter 1 of the optimizer, not of the model", "parameter 3 of the optimizer, not of the model");
    }

    [Fact]
    public void Tensors_can_be_kept_as_hashes()
    {
        TrainingTrace hashed = Record("legacy", Clipping, recorder: new TraceRecorder("hashed", content: SnapshotContent.Hash));

        hashed.Iterations.SelectMany(iteration => iteration.Weights).Should().OnlyContain(entry => entry.Value.Content == SnapshotContent.Hash);
        Same.Should(Record("legacy", Clipping), hashed);
    }

    [Fact]
    public void After_training_it_listens_no_longer_and_a_second_training_is_heard_once()
    {
        using ProbeModel model = new(new());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        TraceRecorder recorder = new("legacy");
        using EpochBasedRunner runner = Runner(model, optimizer, new OptimizerConfig(), recorder);
        int updates = 0;
        runner.Probe.Gradients += _ => updates++;

        runner.Run([Loader()], [("train", 1)]);
        runner.Probe.OnGradients(optimizer);
        Action again = () => runner.Run([Loader()], [("train", 1)]);
        again.Should().NotThrow();

        updates.Should().Be(7);
        recorder.Trace.Iterations.Should().HaveCount(6);
        recorder.Trace.Iterations.Should().OnlyContain(iteration => iteration.Find(Observation.Gradients.At(2)) == null);
    }

    [Fact]
    public void A_training_that_is_begun_anew_is_heard_once_although_the_first_one_never_ended()
    {
        using ProbeModel model = new(new());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        TraceRecorder recorder = new("legacy");
        using EpochBasedRunner runner = Runner(model, optimizer, new OptimizerConfig(), recorder);

        runner.RunIterations([Loader()], [("train", 1)]).First();
        runner.Run([Loader()], [("train", 1)]);

        recorder.Trace.Iterations.Should().HaveCount(7);
        recorder.Trace.Iterations.Should().OnlyContain(iteration => iteration.Find(Observation.Gradients.At(2)) == null);
    }

    [Fact]
    public void Each_iteration_is_told_as_soon_as_it_is_over()
    {
        List<IterationTrace> told = [];
        TraceRecorder recorder = new("told", told.Add);

        TrainingTrace trace = Record("legacy", null, new ActionHook(runner => told.Should().HaveCount(runner.Iter)), recorder);

        told.Should().Equal(trace.Iterations).And.HaveCount(6);
    }

    [Fact]
    public void Snapshots_leave_no_tensors_behind()
    {
        using ProbeModel model = new(new());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        TraceRecorder recorder = new("legacy");
        using EpochBasedRunner runner = Runner(model, optimizer, Clipping, recorder);
        List<long> live = [];
        runner.RegisterHook(new ActionHook(_ => live.Add(live.Count == 0 ? LiveTensors.Settled() : Tensor.TotalCount)), HookPriority.Lowest);

        runner.Run([Loader()], [("train", 1)]);

        (live[^1] - live[0]).Should().BeLessThanOrEqualTo(5 * 3, "pending log values alone may be waiting: loss, and the norm of gradients");
    }

    private static string Text(IterationTrace iteration, Observation observation) => string.Join(' ', iteration[observation].Numbers);

    private static IterationTrace Only(IterationTrace iteration, Observation observation) => iteration with { Stages = [iteration[observation]] };

    private static IterationTrace Renamed(IterationTrace iteration) =>
        iteration with { Stages = [iteration.Stages[0] with { Observation = Observation.Gradients }] };

    private static TraceComparison Compare(IterationTrace control, IterationTrace candidate) =>
        TraceComparison.Of(Traces.Of(control), Traces.Of(candidate), new ComparisonRules());

    private static BatchLoader Loader() => new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 3 });

    private static EpochBasedRunner Runner(ProbeModel model, optim.Optimizer optimizer, OptimizerConfig? config, TraceRecorder recorder, Hook? hook = null)
    {
        EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 2 });
        runner.RegisterOptimizerHook(config);
        if (hook is not null)
        {
            runner.RegisterHook(hook, HookPriority.AboveNormal);
        }

        runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        return runner;
    }

    private static TrainingTrace Record(string way, OptimizerConfig? config, Hook? hook = null, TraceRecorder? recorder = null)
    {
        using ProbeModel model = new(new());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01, momentum: 0.9);
        recorder ??= new TraceRecorder(way);
        if (way == "native")
        {
            Native(model.AsEngine(), optimizer, config, recorder);
            return recorder.Trace;
        }

        using EpochBasedRunner runner = way == "kept"
            ? Runner(model, optimizer, null, recorder, new DerivedHook(config))
            : Runner(model, optimizer, config, recorder, hook);
        if (way == "legacy")
        {
            runner.Run([Loader()], [("train", 1)]);
        }
        else
        {
            runner.AsEngine([Loader()], [("train", 1)]).Train();
        }

        return recorder.Trace;
    }

    private static void Native(BaseModel model, optim.Optimizer optimizer, OptimizerConfig? config, TraceRecorder recorder, params IReadOnlyList<Hook> hooks)
    {
        using TemporaryFolder folder = new();
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            TrainDataloader = Loader(),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
            OptimWrapper = new OptimWrapperOptions
            {
                Optimizer = optimizer,
                ClipGrad = config?.GradClip is { } clip ? new GradClipNormOptions { MaxNorm = clip.MaxNorm } : null,
            },
            CustomHooks = [new EngineTraceHook(recorder), .. hooks.Select(hook => new LegacyHookAdapter(hook, HookPriority.Lowest))],
            Logger = new ListLogger(),
        });
        runner.Train();
    }

    [Fact]
    public void The_loss_is_the_one_that_was_trained_on_even_if_the_log_shows_another()
    {
        using DisposeScope scope = NewDisposeScope();
        using TwoLosses model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        TraceRecorder native = new("native");
        TraceRecorder legacy = new("legacy");

        Native(model, optimizer, null, native, new LegacyTraceHook(legacy));

        foreach (TraceRecorder recorder in new[] { native, legacy })
        {
            IterationTrace first = recorder.Trace.Iterations[0];
            first.LogValues.Should().Equal(KeyValuePair.Create("loss", 2.0), KeyValuePair.Create("loss_other", 3.0));
            first.Loss.Should().Be(5);
        }
    }

    private static IterationTrace Groups(bool onEngine)
    {
        using ProbeModel model = new(new());
        using optim.Optimizer optimizer = optim.SGD(
            [
                new TorchSharp.Modules.SGD.ParamGroup(model.Linear.parameters(), 0.02, momentum: 0.9),
                new TorchSharp.Modules.SGD.ParamGroup(model.Norm.parameters(), 0.01, momentum: 0.9),
            ],
            0.5);
        TraceRecorder recorder = new("groups");
        if (onEngine)
        {
            Native(model.AsEngine(), optimizer, null, recorder);
        }
        else
        {
            using EpochBasedRunner runner = Runner(model, optimizer, new OptimizerConfig(), recorder);
            runner.Run([Loader()], [("train", 1)]);
        }

        return recorder.Trace.Iterations[0];
    }

    private sealed class DerivedHook(OptimizerConfig? config) : OptimizerHook(config);

    private sealed class TwiceHook : Hook
    {
        public override void AfterTrainIter(BaseRunner runner)
        {
            optim.Optimizer optimizer = runner.RequireOptimizer().Single;
            foreach (bool first in new[] { true, false })
            {
                OptimizerGroup.ClearGradients(optimizer);
                runner.Outputs!.Loss!.backward(retain_graph: first);
                runner.Probe.OnGradients(optimizer);
                runner.Probe.OnClipped(optimizer);
            }

            optimizer.step();
        }
    }

    private sealed class StrangerHook : Hook
    {
        public override void AfterTrainIter(BaseRunner runner)
        {
            TorchSharp.Modules.Parameter[] strangers = [new(ones(1)), new(ones(1)), new(ones(1))];
            using optim.Optimizer optimizer = optim.SGD([((ProbeModel)runner.Model).Linear.weight, .. strangers], 0.1);
            (optimizer.parameters().First().sum() + strangers[0] + strangers[2]).sum().backward();
            runner.Probe.OnGradients(optimizer);
        }
    }

    private sealed class TwoLosses : BaseModel<ToyBatch>
    {
        private readonly TorchSharp.Modules.Parameter weight = new(ones(1));

        public TwoLosses() => RegisterComponents();

        protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = weight * 2, ["loss_other"] = weight * 3 };
    }
}
