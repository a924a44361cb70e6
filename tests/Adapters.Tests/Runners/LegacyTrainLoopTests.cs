using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Runners;

public sealed class LegacyTrainLoopTests
{
    [Fact]
    public void Hooks_see_the_users_own_runner_with_its_members()
    {
        List<BaseRunner> seen = [];
        using Trainer trainer = new(
            runner => runner.RegisterHook(new PointHook((_, inner) => seen.Add(inner))), makeRunner: (model, options) => new ResumingRunner(model, options));

        trainer.Train(onEngine: true);

        seen.Should().HaveCount(1 + (2 * (1 + 3 + 3 + 1)) + 1).And.OnlyContain(runner => ReferenceEquals(runner, trainer.Runner));
    }

    [Fact]
    public void A_model_that_holds_its_runner_reads_the_counters_of_its_training()
    {
        List<string>[] read = [[], []];
        foreach (bool onEngine in new[] { false, true })
        {
            Trainer? trainer = null;
            trainer = new Trainer(Usual, (model, batch, _) =>
            {
                BaseRunner runner = trainer!.Runner;
                read[onEngine ? 1 : 0].Add($"{runner.Epoch} {runner.Iter} {runner.InnerIter} {runner.MaxIters} {runner.Mode} {runner.DataBatch!.Indices.Count}");
                return model.Usual(batch);
            });
            trainer.Train(onEngine).Dispose();
        }

        read[1].Should().Equal(read[0]);
        read[0].Should().StartWith("0 0 0 6 train 3").And.HaveCount(6).And.EndWith("1 5 2 6 train 2");
    }

    [Fact]
    public void Afterwards_the_runner_stands_where_the_old_way_leaves_it()
    {
        string[] states = new string[2];
        foreach (int side in (int[])[0, 1])
        {
            using Trainer trainer = new Trainer(Usual).Train(onEngine: side == 1);
            EpochBasedRunner runner = trainer.Runner;
            states[side] = $"{runner.Epoch} {runner.Iter} {runner.InnerIter} {runner.MaxEpochs} {runner.MaxIters} {runner.Mode} {runner.DataLoader?.Length} "
                + $"{runner.DataBatch is null} {runner.Outputs is null}";
        }

        states[0].Should().Be("2 6 2 2 6 train 3 True True");
        states[1].Should().Be(states[0]);
    }

    [Fact]
    public void A_run_afterwards_trains_nothing_more_and_calls_the_hooks_around_it()
    {
        List<HookStage> calls = [];
        using Trainer trainer = new(runner =>
        {
            Usual(runner);
            runner.RegisterHook(new PointHook((stage, _) => calls.Add(stage)));
        });
        trainer.Train(onEngine: true);
        calls.Clear();

        trainer.Train(onEngine: false);

        trainer.Trace.Iterations.Should().HaveCount(6);
        calls.Should().Equal(HookStage.BeforeRun, HookStage.AfterRun);
    }

    [Fact]
    public void A_view_that_is_never_trained_leaves_the_old_runner_usable()
    {
        using Trainer legacy = new Trainer(Usual).Train(onEngine: false);
        using Trainer trainer = new(Usual);
        _ = trainer.AsEngine();
        _ = trainer.AsEngine().TrainIterations();

        trainer.Train(onEngine: false);

        Same.Should(legacy.Trace, trainer.Trace);
    }

    [Theory]
    [InlineData(2, "0 2")]
    [InlineData(4, "1 4")]
    public void A_training_that_is_abandoned_leaves_the_runner_where_it_was_and_can_go_on_either_way(int iterations, string position)
    {
        List<Trainer> trainers = [];
        foreach ((bool first, bool second) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            Trainer trainer = new(Usual);
            Iterations(trainer, first).Take(iterations).Count().Should().Be(iterations);
            $"{trainer.Runner.Epoch} {trainer.Runner.Iter}".Should().Be(position);
            Iterations(trainer, second).Should().HaveCount(iterations == 2 ? 6 : 3, "the epoch begins anew");
            trainers.Add(trainer);
        }

        trainers.Skip(1).Should().AllSatisfy(trainer => Same.Should(trainers[0].Trace, trainer.Trace));
        trainers.ForEach(trainer => trainer.Dispose());
    }

    [Fact]
    public void An_exception_leaves_the_runner_where_it_was()
    {
        string[] positions = new string[2];
        foreach (int side in (int[])[0, 1])
        {
            using Trainer trainer = new(runner =>
            {
                Usual(runner);
                runner.RegisterHook(new ActionHook(inner => throw new InvalidOperationException($"at {inner.Iter}")), HookPriority.Lowest);
            });
            trainer.Invoking(failing => failing.Train(onEngine: side == 1)).Should().Throw<InvalidOperationException>().WithMessage("at 0");
            trainer.Logger.Lines.Should().ContainSingle(line => line.StartsWith("Stopped by", StringComparison.Ordinal)).Which.Should().Contain(
                $"side {(side == 1 ? "engine" : "legacy")}, model ProbeModel, epoch 0 and iteration 0 (counted from 0), stage hook ActionHook at AfterTrainIter.");
            positions[side] = $"{trainer.Runner.Epoch} {trainer.Runner.Iter} {trainer.Runner.Mode}";
        }

        positions[1].Should().Be(positions[0]).And.Be("0 0 train");
    }

    [Fact]
    public void A_hook_before_the_run_can_resume()
    {
        (Trainer legacy, Trainer engine) = (Resuming(false), Resuming(true));

        Same.Should(legacy.Trace, engine.Trace);
        engine.Trace.Iterations.Should().HaveCount(3, "only the second epoch is left");
        engine.Trace.Iterations[0].LearningRate.Should().BeApproximately(0.001, 1e-12, "the schedule of the second epoch holds");
        engine.Lines.Should().Equal(legacy.Lines).And.ContainSingle().Which.Should().StartWith("Epoch [2][2/3]");
        engine.Runner.Iter.Should().Be(10);

        static Trainer Resuming(bool onEngine) => new Trainer(
            runner =>
            {
                runner.RegisterHook(new PointHook((stage, inner) =>
                {
                    if (stage == HookStage.BeforeRun)
                    {
                        ((ResumingRunner)inner).ResumeAt(1, 7);
                    }
                }));
                Usual(runner);
            },
            makeRunner: (model, options) => new ResumingRunner(model, options)).Train(onEngine);
    }

    [Fact]
    public void A_hook_that_resumes_within_the_training_is_refused()
    {
        using Trainer trainer = new(
            runner => runner.RegisterHook(new ActionHook(inner => ((ResumingRunner)inner).ResumeAt(1, 7))),
            makeRunner: (model, options) => new ResumingRunner(model, options));

        trainer.Invoking(failing => failing.Train(onEngine: true)).Should().Throw<InvalidOperationException>().WithMessage(
            "The runner's position was set to epoch 1, iteration 0, while the engine trains it. Resume before training, or in BeforeRun at the "
            + "latest, and call Run only when the engine's training has ended.");
    }

    [Fact]
    public void A_runner_that_was_resumed_before_goes_on_there()
    {
        List<Trainer> trainers = [.. new[] { false, true }.Select(onEngine =>
        {
            Trainer trainer = new(Usual, makeRunner: (model, options) => new ResumingRunner(model, options));
            ((ResumingRunner)trainer.Runner).ResumeAt(1, 3);
            return trainer.Train(onEngine);
        })];

        Same.Should(trainers[0].Trace, trainers[1].Trace);
        trainers[1].Trace.Iterations.Should().HaveCount(3);
        trainers.ForEach(trainer => trainer.Dispose());
    }

    [Fact]
    public void A_view_is_trained_once_and_a_runner_by_one_view_at_a_time()
    {
        using Trainer trainer = new(Usual);
        Compat.Engine.Runner other = trainer.Runner.AsEngine([ToyDataset.Loader(4)], [("train", 1)]);
        using IEnumerator<int> running = trainer.AsEngine().TrainIterations().GetEnumerator();
        running.MoveNext().Should().BeTrue();

        other.Invoking(view => view.Train()).Should().Throw<InvalidOperationException>().WithMessage(
            "The engine is training this runner already. Let that training end, or make another runner.");
        trainer.AsEngine().Invoking(view => view.Train()).Should().Throw<InvalidOperationException>().WithMessage("Training was started before.*");
        running.MoveNext().Should().BeTrue("the refused views changed nothing");
    }

    [Fact]
    public void What_is_set_after_AsEngine_and_before_training_counts()
    {
        List<(string Time, object? Meta)> seen = [];
        using Trainer trainer = new(runner => runner.RegisterHook(new ActionHook(inner => seen.Add((inner.Timestamp, inner.Meta)))));
        Compat.Engine.Runner engine = trainer.AsEngine();
        trainer.Runner.Meta = new() { ["seed"] = 1 };
        trainer.Runner.Timestamp = "20200101_000000";

        engine.Train();

        seen.Should().HaveCount(6).And.OnlyContain(entry => entry.Time == "20200101_000000" && ReferenceEquals(entry.Meta, trainer.Runner.Meta));
    }

    [Fact]
    public void A_runner_whose_RunIterations_calls_the_engine_runs_there_as_often_as_it_is_told()
    {
        using Trainer legacy = new Trainer(Usual).Train(onEngine: false);
        using Trainer trainer = new(Usual, makeRunner: (model, options) => new RunnerOnEngine(model, options));

        trainer.Train(onEngine: false);
        trainer.Train(onEngine: false);

        Same.Should(legacy.Trace, trainer.Trace);
        trainer.Lines.Should().Equal(legacy.Lines);
        ((RunnerOnEngine)trainer.Runner).Engines.Should().HaveCount(2).And.OnlyHaveUniqueItems();
        ((RunnerOnEngine)trainer.Runner).Engines[0].Progress.Iter.Should().Be(6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_the_old_runner_says_about_silent_runs_is_said_on_the_engine_too(bool onEngine)
    {
        DefaultSampler shuffling = new(new RampDataset(8), shuffle: true, seed: 0);
        using Trainer repeating = new(loader: new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 3, Sampler = shuffling }));
        using Trainer finished = new(makeRunner: (model, options) => new ResumingRunner(model, options));
        ((ResumingRunner)finished.Runner).ResumeAt(2, 6);

        repeating.Train(onEngine);
        finished.Train(onEngine);

        repeating.Logger.Ours.Select(line => line.Id).Should().Contain(9042).And.NotContain(9041);
        finished.Logger.Ours.Select(line => line.Id).Should().Contain(9041).And.NotContain(9042);
        finished.Trace.Iterations.Should().BeEmpty();
    }

    [Fact]
    public void The_log_says_who_updates_the_weights_and_which_hooks_are_called()
    {
        using Trainer translated = new Trainer(Usual).Train(onEngine: true);
        using Trainer kept = new Trainer(runner => runner.RegisterHook(new OwnOptimizerHook())).Train(onEngine: true);

        translated.Logger.Ours.Should().ContainSingle(line => line.Id == 9080).Which.Text.Should()
            .StartWith("The engine trains this EpochBasedRunner. The engine's OptimWrapper updates the weights in place of OptimizerHook.\n")
            .And.Contain("(VERY_HIGH   ) StepLrUpdaterHook");
        kept.Logger.Ours.Should().ContainSingle(line => line.Id == 9080).Which.Text.Should().Contain("The update of the weights is left as it is.");
    }

    [Fact]
    public void What_was_changed_after_an_epoch_is_set_anew_before_the_next_one_on_both_sides()
    {
        List<string>[] seen = [[], []];
        foreach (int side in (int[])[0, 1])
        {
            using Trainer trainer = new(
                runner =>
                {
                    Usual(runner);
                    runner.RegisterHook(new PointHook((stage, inner) =>
                    {
                        if (stage == HookStage.AfterTrainEpoch)
                        {
                            ((MeddlingRunner)inner).SetMaxIters(99);
                            inner.Model.eval();
                        }
                        else if (stage == HookStage.BeforeTrainEpoch)
                        {
                            seen[side].Add($"{inner.MaxIters} {inner.Model.training}");
                        }
                    }));
                },
                makeRunner: (model, options) => new MeddlingRunner(model, options));
            trainer.Train(onEngine: side == 1);
        }

        seen[0].Should().Equal("6 True", "6 True");
        seen[1].Should().Equal(seen[0]);
    }

    [Fact]
    public void Before_a_second_run_hooks_see_where_the_first_one_ended_on_both_sides()
    {
        string[] seen = new string[2];
        foreach (int side in (int[])[0, 1])
        {
            using Trainer trainer = new(runner =>
            {
                Usual(runner);
                runner.RegisterHook(new PointHook((stage, inner) =>
                    seen[side] = stage == HookStage.BeforeRun ? $"{inner.Mode} {inner.InnerIter} {inner.DataLoader?.Length}" : seen[side]));
            });
            trainer.Train(onEngine: false);

            trainer.Train(onEngine: side == 1);
        }

        seen.Should().Equal("train 2 3", "train 2 3");
    }

    [Fact]
    public void What_is_logged_after_the_training_does_not_reach_the_engine()
    {
        using Trainer trainer = new(Usual);
        Compat.Engine.Runner engine = trainer.AsEngine();
        engine.Train();

        trainer.Runner.LogBuffer.Update(new LogVars { ["late"] = 1 }, 1);

        engine.MessageHub.Scalars.Keys.Should().NotContain(name => name.EndsWith("late", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_logger_no_values_pile_up_from_epoch_to_epoch()
    {
        List<long> live = [];
        using Trainer trainer = new(
            runner =>
            {
                runner.RegisterHook(new OptimizerHook(new OptimizerConfig()));
                runner.RegisterHook(new PointHook((stage, _) =>
                {
                    if (stage == HookStage.AfterTrainEpoch)
                    {
                        live.Add(live.Count == 0 ? LiveTensors.Settled() : Tensor.TotalCount);
                    }
                }));
            },
            maxEpochs: 8,
            isTraced: false);

        trainer.Train(onEngine: true);

        live[^1].Should().Be(live[5]);
    }

    [Fact]
    public void After_a_failed_run_and_a_training_on_the_engine_no_batch_is_left()
    {
        bool fails = true;
        using Trainer trainer = new(runner =>
        {
            Usual(runner);
            runner.RegisterHook(new ActionHook(_ =>
            {
                if (fails)
                {
                    throw new InvalidOperationException();
                }
            }));
        });
        trainer.Invoking(own => own.Train(onEngine: false)).Should().Throw<InvalidOperationException>();
        fails = false;

        trainer.Train(onEngine: true);

        trainer.Runner.DataBatch.Should().BeNull();
        trainer.Runner.Outputs.Should().BeNull();
    }

    private static void Usual(EpochBasedRunner runner) => runner.RegisterTrainingHooks(Trainer.UsualHooks());

    private static IEnumerable<int> Iterations(Trainer trainer, bool onEngine) => onEngine
        ? trainer.Runner.AsEngine([trainer.Loaders[0]], [new WorkflowStep("train", 1)], new AsEngineOptions { IsCalledByRunIterations = true }).TrainIterations()
        : trainer.Runner.RunIterations(trainer.Loaders, trainer.Workflow);

    /// <summary>As the shim's runner will be: an old program changes no line but its namespace.</summary>
    private sealed class RunnerOnEngine(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        public List<Compat.Engine.Runner> Engines { get; } = [];

        public override IEnumerable<int> RunIterations(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
        {
            Engines.Add(this.AsEngine(dataLoaders, workflow, new AsEngineOptions { IsCalledByRunIterations = true }));
            return Engines[^1].TrainIterations();
        }
    }

    private sealed class MeddlingRunner(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        public void SetMaxIters(int value) => State.MaxIters = value;
    }
}
