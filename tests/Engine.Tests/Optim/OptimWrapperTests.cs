using Compat.Engine.Logging;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.Torch.Data;
using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class OptimWrapperTests
{
    [Theory]
    [InlineData(6, "3 3 3 3 3 3", "3 6")]
    [InlineData(7, "3 3 3 3 3 3 1", "3 6 7")]
    [InlineData(8, "3 3 3 3 3 3 2 2", "3 6 8")]
    [InlineData(10, "3 3 3 3 3 3 3 3 3 1", "3 6 9 10")]
    public void With_accumulation_over_three_the_last_window_is_divided_by_its_length_and_the_last_iteration_updates(int max, string factors, string updates)
    {
        Probe probe = Run(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 3 }, initCounts: 0, max);

        string.Join(' ', probe.Factors).Should().Be(factors);
        string.Join(' ', probe.Updates).Should().Be(updates);
    }

    /// <summary>What MMEngine's wrapper did with counts of every kind, called twice more than there are iterations. Refused: the next loss could not be divided.</summary>
    [Theory]
    [InlineData(1, 0, 0, "1 1 1", "1 2 3", false)]
    [InlineData(1, 1, 1, "1 1", "2 3", false)]
    [InlineData(2, 0, 0, "", "", true)]
    [InlineData(2, 0, 1, "1 1 1", "1 2", false)]
    [InlineData(2, 1, 1, "1 1", "2", false)]
    [InlineData(3, 0, 1, "1 1 1", "1 3", false)]
    [InlineData(3, 0, 2, "2 2 2 2", "2 3", false)]
    [InlineData(3, 2, 2, "2 2", "3", false)]
    [InlineData(3, 3, 7, "3 3 3 1 1 1", "6 7 9", false)]
    [InlineData(3, 6, 7, "1 1 1", "7 9", false)]
    [InlineData(4, 0, 3, "3 3 3 3 3", "3 4", false)]
    [InlineData(5, 5, 11, "5 5 5 5 5 1 1 1", "10 11", false)]
    [InlineData(7, 3, 7, "7 7 7 7", "7", true)]
    [InlineData(7, 0, 4, "4 4 4 4 4 4", "4", false)]
    [InlineData(2, 3, 3, "1 1", "4", false)]
    public void Factors_and_updates_are_those_of_the_original(int counts, int init, int max, string factors, string updates, bool refused)
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = counts }, model);
        probe.InitializeCountStatus(model, init, max, NullLogger.Instance);
        for (int i = 0; i < factors.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length; i++)
        {
            probe.Iterate(model);
        }

        if (refused)
        {
            probe.Invoking(own => own.Iterate(model)).Should().Throw<InvalidOperationException>();
        }

        string.Join(' ', probe.Factors).Should().Be(factors);
        string.Join(' ', probe.Updates).Should().Be(updates);
    }

    [Fact]
    public void Resumed_in_the_last_window_the_factors_are_those_of_a_run_without_a_break()
    {
        Probe probe = Run(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 3 }, initCounts: 6, max: 8);

        probe.Factors.Should().Equal(2, 2);
        probe.Updates.Should().Equal(8);
    }

    [Fact]
    public void Without_accumulation_every_iteration_updates_and_the_loss_is_left_alone()
    {
        Probe probe = Run(new() { Optimizer = new FusedSgdOptions { Lr = 0 } }, initCounts: 0, max: 3);

        probe.Factors.Should().Equal(1, 1, 1);
        probe.Updates.Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Without_accumulation_no_tensor_is_made_to_divide_the_loss()
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 } }, model);
        using Tensor loss = model.Weight.sum();

        probe.UpdateParams(loss);

        probe.LastLoss.Should().BeSameAs(loss);
    }

    [Fact]
    public void While_the_number_of_iterations_is_unknown_every_window_counts_as_full()
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 2 }, model);
        for (int i = 0; i < 3; i++)
        {
            probe.Iterate(model);
        }

        probe.Factors.Should().Equal(2, 2, 2);
        probe.Updates.Should().Equal(2);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    public void More_updates_than_iterations_are_refused_with_accumulation(int max, int perIteration)
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 2, UpdatesPerIteration = perIteration }, model);
        probe.InitializeCountStatus(model, 0, max, NullLogger.Instance);
        probe.Iterate(model);
        probe.Iterate(model);

        Action act = () => probe.Iterate(model);

        act.Should().Throw<InvalidOperationException>().WithMessage(
            $"UpdateParams was called 3 times, but training has {max} iterations of {perIteration}. With accumulation, UpdatesPerIteration says how often each "
            + "iteration calls it. Set it to the number of calls.");
    }

    [Fact]
    public void The_loss_of_an_iteration_can_be_seen_until_its_end_as_it_was_given()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 2 }, model);
        Tensor loss = (model.Weight * 3).sum();

        wrapper.Loss.Should().BeNull();
        wrapper.UpdateParams(loss);
        wrapper.Loss.Should().BeSameAs(loss, "it is not scaled");
        wrapper.FinishIter();
        wrapper.Loss.Should().BeNull();
    }

    [Fact]
    public void An_iteration_of_several_updates_has_no_single_loss()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 } }, model);
        for (int i = 0; i < 3; i++)
        {
            wrapper.UpdateParams((model.Weight * i).sum());
            (wrapper.Loss is null).Should().Be(i > 0);
        }

        wrapper.FinishIter();
        wrapper.UpdateParams((model.Weight * 3).sum());
        wrapper.Loss.Should().NotBeNull("the next iteration is another one");
    }

    [Fact]
    public void Accumulated_gradients_are_those_of_the_larger_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0.25 }, AccumulativeCounts = 2 }, model);
        wrapper.InitializeCountStatus(model, 0, 2, NullLogger.Instance);

        wrapper.UpdateParams((model.Weight * 1).sum());
        model.Weight.item<float>().Should().Be(1);
        wrapper.UpdateParams((model.Weight * 3).sum());

        model.Weight.item<float>().Should().Be(0.5f, "the gradients 1 and 3 count half each");
    }

    [Theory]
    [InlineData(ZeroGradTiming.AfterStep, true)]
    [InlineData(ZeroGradTiming.BeforeBackward, false)]
    public void Gradients_are_there_after_an_iteration_only_if_they_are_cleared_before_the_next_backward(ZeroGradTiming timing, bool cleared)
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, ZeroGradTiming = timing }, model);

        wrapper.UpdateParams((model.Weight * 2).sum());
        (model.Weight.grad is null).Should().Be(cleared);
        wrapper.UpdateParams((model.Weight * 2).sum());

        (model.Weight.grad is null).Should().Be(cleared);
        if (!cleared)
        {
            model.Weight.grad!.item<float>().Should().Be(2, "the first gradient was cleared before the second backward");
        }
    }

    [Fact]
    public void Clearing_before_backward_waits_for_the_end_of_a_window()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(
            new() { Optimizer = new FusedSgdOptions { Lr = 0 }, ZeroGradTiming = ZeroGradTiming.BeforeBackward, AccumulativeCounts = 2 }, model);
        List<float> gradients = [];
        for (int i = 0; i < 4; i++)
        {
            wrapper.UpdateParams((model.Weight * 2).sum());
            gradients.Add(model.Weight.grad!.item<float>());
        }

        gradients.Should().Equal(1, 2, 1, 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Cleared_gradients_are_null_or_zero(bool setToNone)
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, SetToNone = setToNone }, model);

        wrapper.UpdateParams((model.Weight * 2).sum());

        (model.Weight.grad?.item<float>()).Should().Be(setToNone ? null : 0f);
    }

    [Fact]
    public void Null_is_the_default() => new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 1 } }.SetToNone.Should().BeTrue();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Clipping_logs_the_norm_before_clipping(bool clips)
    {
        using TestRun run = new();
        Runner runner = run.Train(run.Options with
        {
            OptimWrapper = new OptimWrapperOptions
            {
                Optimizer = new FusedSgdOptions { Lr = 0 },
                ClipGrad = clips ? new GradClipNormOptions { MaxNorm = 0.1 } : null,
            },
            TrainDataloader = new BatchLoader(new TwosDataset()),
        });

        runner.MessageHub.Scalars.ContainsKey("train/grad_norm").Should().Be(clips);
        if (clips)
        {
            runner.MessageHub.GetScalar("train/grad_norm").Current().Should().Be(4, "the gradient of (2 w - 1)² at w = 1 is 4");
        }
    }

    [Fact]
    public void Clipped_gradients_make_a_shorter_step()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(
            new() { Optimizer = new FusedSgdOptions { Lr = 1 }, ClipGrad = new GradClipNormOptions { MaxNorm = 0.5, NormType = double.PositiveInfinity } }, model);

        wrapper.UpdateParams((model.Weight * 8).sum());

        model.Weight.item<float>().Should().BeApproximately(0.5f, 1e-6f);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    public void Fewer_than_one_count_is_refused(int counts)
    {
        using TestModel model = new();

        Action act = () => new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 1 }, AccumulativeCounts = counts }.Build(model);

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("options").WithMessage(
            $"AccumulativeCounts is {counts}; it must be at least 1. Use 1 to update at every iteration.*");
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(-1, 2)]
    [InlineData(1, 0)]
    [InlineData(double.NaN, 2)]
    public void Clipping_that_makes_no_sense_is_refused(double maxNorm, double normType)
    {
        using TestModel model = new();

        Action act = () => new OptimWrapperOptions
        {
            Optimizer = new FusedSgdOptions { Lr = 1 },
            ClipGrad = new GradClipNormOptions { MaxNorm = maxNorm, NormType = normType },
        }.Build(model);

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("options").WithMessage(
            FormattableString.Invariant(
                $"ClipGrad has MaxNorm {maxNorm} and NormType {normType}; both must be above 0. Use ClipGrad = null for no clipping.*"));
    }

    [Fact]
    public void One_group_has_one_learning_rate_in_the_log()
    {
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0.3 } }, model);

        wrapper.LrEntries.Select(entry => entry.Name).Should().Equal("lr");
        wrapper.ParamGroups.Should().ContainSingle().Which.Lr.Should().Be(0.3);
    }

    [Fact]
    public void With_several_groups_the_defaults_of_the_optimizer_are_a_further_one_logged_as_base_lr()
    {
        using TestModel model = new();
        using Linear head = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(
            [
                new SGD.ParamGroup(model.parameters(), new SGD.Options { LearningRate = 0.1 }),
                new SGD.ParamGroup(head.parameters(), new SGD.Options { LearningRate = 0.2 }),
            ],
            0.7);
        using OptimWrapper wrapper = new(new() { Optimizer = optimizer }, model);

        wrapper.LrEntries.Select(entry => entry.Name).Should().Equal("base_lr", "lr");
        wrapper.LrEntries[1].Groups.Select(group => group.Lr).Should().Equal(0.1, 0.2);
        wrapper.LrEntries[0].Groups.Should().ContainSingle().Which.Should().BeSameAs(wrapper.ParamGroups[2]);
        wrapper.ParamGroups.Select(group => group.Lr).Should().Equal(0.1, 0.2, 0.7);
    }

    [Fact]
    public void Resuming_in_the_middle_of_a_window_is_worth_one_warning_and_at_its_end_none()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 1 }, AccumulativeCounts = 3 }, model);
        ListLogger logger = new();

        wrapper.InitializeCountStatus(model, 6, 9, logger);
        wrapper.Backward(model.Weight.sum());
        logger.Warnings.Should().BeEmpty();
        wrapper.InitializeCountStatus(model, 4, 9, logger);
        wrapper.Backward(model.Weight.sum());
        wrapper.Backward(model.Weight.sum());

        logger.Warnings.Should().Equal(
            "Training resumes at iteration 4, in the middle of a window of 3 accumulated iterations. The gradients of the window's first part are lost.");
        wrapper.InnerCount.Should().Be(6);
    }

    [Fact]
    public void The_iteration_at_which_training_resumes_is_no_count_of_updates()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 1 }, AccumulativeCounts = 3, UpdatesPerIteration = 2 }, model);
        ListLogger logger = new();

        wrapper.InitializeCountStatus(model, 4, 9, logger);
        wrapper.Backward(model.Weight.sum());

        logger.Warnings.Should().ContainSingle().Which.Should().StartWith("Training resumes at iteration 4, ");
    }

    [Fact]
    public void Asking_twice_to_keep_gradients_is_asking_once()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 1 } }, model);
        (model.Weight * 7).sum().backward();

        wrapper.KeepGradients = true;
        wrapper.KeepGradients = true;
        wrapper.Backward((model.Weight * 2).sum());

        model.Weight.grad!.item<float>().Should().Be(2, "what was there before is cleared");
    }

    [Fact]
    public void A_wrapper_that_clears_before_the_backward_clears_what_was_there_before_the_first_one()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 1 }, ZeroGradTiming = ZeroGradTiming.BeforeBackward }, model);
        (model.Weight * 7).sum().backward();

        wrapper.Backward((model.Weight * 2).sum());

        model.Weight.grad!.item<float>().Should().Be(2);
    }

    [Theory]
    [InlineData(2, 1, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(3, 2, 1)]
    public void Accumulation_with_batch_norm_is_worth_a_warning(int dimensions, int counts, int warnings)
    {
        using nn.Module<Tensor, Tensor> model = dimensions switch { 1 => nn.BatchNorm1d(2), 2 => nn.BatchNorm2d(2), _ => nn.BatchNorm3d(2) };
        using Conv2d other = nn.Conv2d(1, 2, 1);
        using Sequential nested = nn.Sequential(other, model);
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 1 }, AccumulativeCounts = counts }, nested);
        ListLogger logger = new();

        wrapper.InitializeCountStatus(nested, 0, 9, logger);

        logger.Warnings.Should().Equal(Enumerable.Repeat(
            "The model has batch norm layers, whose statistics see the small batches: accumulating gradients is not quite a larger batch.", warnings));
    }

    [Fact]
    public void An_optimizer_given_ready_made_is_used_and_not_disposed()
    {
        using TestModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.5);
        Compat.Engine.Optim.OptimizerOptions options = Compat.Engine.Optim.OptimizerOptions.FromOptimizer(optimizer);

        OptimWrapper wrapper = new(new() { Optimizer = options }, model);
        wrapper.Dispose();

        wrapper.Optimizer.Should().BeSameAs(optimizer);
        options.Should().Be(new BuiltOptimizer(optimizer));
    }

    [Fact]
    public void Only_an_optimizer_that_the_wrapper_built_is_disposed_with_it()
    {
        using TestModel model = new();
        using FusedSgd given = new(model.parameters(), new() { Lr = 0.5 });
        OptimWrapper own = new(new() { Optimizer = new FusedSgdOptions { Lr = 0.5 } }, model);
        OptimWrapper other = new(new() { Optimizer = given }, model);

        own.Dispose();
        other.Dispose();

        own.Optimizer.Invoking(optimizer => optimizer.step()).Should().Throw<ObjectDisposedException>();
        given.Invoking(optimizer => optimizer.step()).Should().NotThrow();
    }

    [Fact]
    public void A_wrapper_opens_no_surroundings_of_its_own()
    {
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 1 } }, model);

        using IDisposable first = wrapper.OptimContext(model);
        first.Dispose();

        wrapper.OptimContext(model).Should().BeSameAs(first);
    }

    [Theory]
    [InlineData(1, 3, 2, "3 3 3 1", "3 4")]
    [InlineData(2, 4, 3, "4 4 4 4 2 2", "4 6")]
    public void Several_updates_per_iteration_move_the_end_so_that_the_last_window_is_divided_rightly(
        int resumed, int counts, int max, string factors, string updates)
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = counts, UpdatesPerIteration = 2 }, model);
        probe.InitializeCountStatus(model, 0, max, NullLogger.Instance);

        while (probe.InnerCount < max * 2)
        {
            probe.Iterate(model);
            probe.Iterate(model);
            probe.FinishIter();
        }

        string.Join(' ', probe.Factors).Should().Be(factors);
        string.Join(' ', probe.Updates).Should().Be(updates);
        probe.InitializeCountStatus(model, resumed, max, NullLogger.Instance);
        probe.InnerCount.Should().Be(resumed * 2);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 2)]
    [InlineData(0, 1)]
    public void With_accumulation_another_number_of_updates_is_refused_at_the_end_of_the_iteration_with_both_numbers(int calls, int setting)
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 2, UpdatesPerIteration = setting }, model);
        probe.InitializeCountStatus(model, 0, 10, NullLogger.Instance);
        for (int i = 0; i < calls; i++)
        {
            probe.Iterate(model);
        }

        Action act = probe.FinishIter;

        act.Should().Throw<InvalidOperationException>().WithMessage(
            $"The iteration called UpdateParams {calls} times, but UpdatesPerIteration is {setting}. With accumulation, the loss of the last window depends on it: "
            + "make the same number of calls in each iteration, and set UpdatesPerIteration to it.");
    }

    [Fact]
    public void What_was_counted_before_a_resume_is_no_call_of_the_first_iteration()
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 2 }, model);
        probe.InitializeCountStatus(model, 3, 10, NullLogger.Instance);
        probe.Iterate(model);

        probe.Invoking(own => own.FinishIter()).Should().NotThrow();
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, null)]
    public void Without_accumulation_or_a_known_end_any_number_of_updates_is_right(int counts, int? max)
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = counts }, model);
        if (max is { } known)
        {
            probe.InitializeCountStatus(model, 0, known, NullLogger.Instance);
        }

        for (int calls = 0; calls < 4; calls++)
        {
            for (int i = 0; i < calls; i++)
            {
                probe.Iterate(model);
            }

            probe.FinishIter();
        }

        probe.InnerCount.Should().Be(6);
        probe.UpdateCount.Should().Be(6 / counts);
    }

    [Fact]
    public void An_error_names_the_iteration_and_not_the_update()
    {
        using TestModel model = new();
        using OptimWrapper trained = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 } }, model);
        using OptimWrapper alone = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, UpdatesPerIteration = 2 }, model);
        trained.InitializeCountStatus(model, 3, 9, NullLogger.Instance);
        for (int i = 0; i < 4; i++)
        {
            trained.UpdateParams(model.Weight.sum());
            alone.UpdateParams(model.Weight.sum());
        }

        trained.FinishIter();
        Action inTraining = () => trained.UpdateParams(ones(2));
        Action byItself = () => alone.UpdateParams(ones(2));

        inTraining.Should().Throw<InvalidOperationException>().WithMessage("*at iteration 4 (counted from 0)*");
        byItself.Should().Throw<InvalidOperationException>().WithMessage("*at iteration 2 (counted from 0)*");
    }

    [Fact]
    public void Fewer_than_one_update_per_iteration_are_refused()
    {
        using TestModel model = new();
        Action act = () => new OptimWrapperOptions { Optimizer = new FusedSgdOptions(), UpdatesPerIteration = 0 }.Build(model);

        act.Should().Throw<ArgumentOutOfRangeException>().WithMessage(
            "UpdatesPerIteration is 0; it must be at least 1. Set it to how often an iteration calls UpdateParams.*");
    }

    [Fact]
    public void Closed_windows_are_counted()
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 3 }, model);
        probe.InitializeCountStatus(model, 0, 8, NullLogger.Instance);
        List<int> counts = [];
        for (int i = 0; i < 8; i++)
        {
            probe.Iterate(model);
            counts.Add(probe.UpdateCount);
        }

        counts.Should().Equal(0, 0, 1, 1, 1, 2, 2, 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_wrapper_that_overrides_only_unscaling_and_stepping_still_clips(bool clips)
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        OptimWrapperOptions options = new() { Optimizer = new FusedSgdOptions { Lr = 1 }, ClipGrad = clips ? new GradClipNormOptions { MaxNorm = 0.5 } : null };
        using AmpLikeWrapper wrapper = new(options, model, scale: 1024);

        wrapper.UpdateParams((model.Weight * 8).sum());

        model.Weight.item<float>().Should().BeApproximately(clips ? 0.5f : -7, 1e-5f);
        wrapper.UpdateParams((model.Weight * float.PositiveInfinity).sum());
        model.Weight.item<float>().Should().BeApproximately(clips ? 0.5f : -7, 1e-5f, "the scaler skips the step");
        wrapper.UpdateCount.Should().Be(2, "a skipped step counts");
    }

    [Fact]
    public void A_probe_sees_the_gradients_before_and_after_they_are_clipped_and_before_the_step()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        OptimWrapperOptions options = new() { Optimizer = new FusedSgdOptions { Lr = 1 }, ClipGrad = new GradClipNormOptions { MaxNorm = 0.5 } };
        using AmpLikeWrapper wrapper = new(options, model, scale: 1024);
        IterationProbe probe = new();
        using MessageHub hub = new();
        List<(string Name, float Gradient, float Weight)> seen = [];
        probe.Gradients += _ => seen.Add(("gradients", model.Weight.grad!.item<float>(), model.Weight.item<float>()));
        probe.Clipped += _ => seen.Add(("clipped", MathF.Round(model.Weight.grad!.item<float>(), 4), model.Weight.item<float>()));
        wrapper.Attach(new OptimWrapperContext { MessageHub = hub, Logger = NullLogger.Instance, Probe = probe });

        wrapper.UpdateParams((model.Weight * 8).sum());

        seen.Should().Equal(("gradients", 8, 1), ("clipped", 0.5f, 1));
        hub.GetScalar("train/grad_norm").Current().Should().Be(8);
    }

    [Fact]
    public void Keeping_gradients_can_be_asked_for_later()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 } }, model);
        (model.Weight * 5).sum().backward();
        wrapper.KeepGradients.Should().BeFalse();

        wrapper.KeepGradients = true;
        wrapper.UpdateParams((model.Weight * 2).sum());

        wrapper.KeepGradients.Should().BeTrue();
        model.Weight.grad!.item<float>().Should().Be(2, "what was there before is cleared, as if it had been asked for from the start");
        wrapper.KeepGradients = false;
        wrapper.UpdateParams((model.Weight * 3).sum());
        model.Weight.grad.Should().BeNull();
    }

    [Fact]
    public void Asking_to_keep_gradients_within_a_window_loses_none()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0 }, AccumulativeCounts = 2 }, model);

        wrapper.UpdateParams((model.Weight * 2).sum());
        wrapper.KeepGradients = true;
        wrapper.UpdateParams((model.Weight * 4).sum());

        model.Weight.grad!.item<float>().Should().Be(3);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_optimizer_whose_model_moved_says_so_with_clipping_too(bool clips)
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(1, 1);
        using optim.Optimizer optimizer = optim.Adam(model.parameters());
        using OptimWrapper wrapper = new(new() { Optimizer = optimizer, ClipGrad = clips ? new GradClipNormOptions { MaxNorm = 1 } : null }, model);
        model.to(ScalarType.Float64);
        Action act = () => wrapper.UpdateParams(model.forward(ones(1, 1, ScalarType.Float64)).sum());

        act.Should().Throw<InvalidOperationException>().WithMessage("The parameters of Adam are not those that it was made with. TorchSharp makes new parameters *");
    }

    [Fact]
    public void An_optimizer_that_was_disposed_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        optim.Optimizer optimizer = optim.Adam(model.parameters());
        using OptimWrapper wrapper = new(new() { Optimizer = optimizer }, model);
        optimizer.Dispose();
        Action act = () => wrapper.UpdateParams((model.Weight * 2).sum());

        act.Should().Throw<ObjectDisposedException>().WithMessage("Adam was disposed, and what it remembered of the parameters is gone.*");
    }

    [Fact]
    public void A_model_that_did_not_register_its_components_is_told_how()
    {
        using Unregistered model = new();
        Action act = () => new OptimWrapper(new() { Optimizer = new FusedSgdOptions() }, model);

        act.Should().Throw<ArgumentException>().WithMessage(
            "A group of parameters is empty. Give the optimizer at least one parameter. If they are those of a module, its constructor must end with RegisterComponents().");
    }

    [Fact]
    public void A_single_wrapper_has_no_members()
    {
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions() }, model);

        wrapper.Members.Should().BeEmpty();
    }

    private static Probe Run(OptimWrapperOptions options, int initCounts, int max)
    {
        using TestModel model = new();
        using Probe probe = new(options, model);
        probe.InitializeCountStatus(model, initCounts, max, NullLogger.Instance);
        while (probe.InnerCount < max)
        {
            probe.Iterate(model);
        }

        return probe;
    }

    private sealed class Unregistered() : nn.Module("unregistered")
    {
        public Linear Layer { get; } = nn.Linear(1, 1);
    }

    /// <summary>Sees by what a loss of 1 was divided, and at which counts the weights were updated.</summary>
    private sealed class Probe(OptimWrapperOptions options, nn.Module model) : OptimWrapper(options, model)
    {
        public List<int> Factors { get; } = [];

        public List<int> Updates { get; } = [];

        public Tensor? LastLoss { get; private set; }

        public void Iterate(TestModel model)
        {
            using DisposeScope scope = NewDisposeScope();
            UpdateParams((model.Weight * 1).sum());
        }

        public override void Backward(Tensor loss)
        {
            LastLoss = loss;
            Factors.Add((int)Math.Round(1 / loss.item<float>()));
            base.Backward(loss);
        }

        public override void Step()
        {
            Updates.Add(InnerCount);
            base.Step();
        }
    }
}
