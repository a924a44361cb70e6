using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.Torch.Data;
using Compat.TestSupport;
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
        Probe probe = Run(new() { Optimizer = new SgdOptions { Lr = 0 }, AccumulativeCounts = 3 }, initCounts: 0, max);

        string.Join(' ', probe.Factors).Should().Be(factors);
        string.Join(' ', probe.Updates).Should().Be(updates);
    }

    [Fact]
    public void Resumed_in_the_last_window_the_factors_are_those_of_a_run_without_a_break()
    {
        Probe probe = Run(new() { Optimizer = new SgdOptions { Lr = 0 }, AccumulativeCounts = 3 }, initCounts: 6, max: 8);

        probe.Factors.Should().Equal(2, 2);
        probe.Updates.Should().Equal(8);
    }

    [Fact]
    public void Without_accumulation_every_iteration_updates_and_the_loss_is_left_alone()
    {
        Probe probe = Run(new() { Optimizer = new SgdOptions { Lr = 0 } }, initCounts: 0, max: 3);

        probe.Factors.Should().Equal(1, 1, 1);
        probe.Updates.Should().Equal(1, 2, 3);
    }

    [Fact]
    public void While_the_number_of_iterations_is_unknown_every_window_counts_as_full()
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new SgdOptions { Lr = 0 }, AccumulativeCounts = 2 }, model);
        for (int i = 0; i < 3; i++)
        {
            probe.Iterate(model);
        }

        probe.Factors.Should().Equal(2, 2, 2);
        probe.Updates.Should().Equal(2);
    }

    [Fact]
    public void More_updates_than_iterations_are_refused_with_accumulation()
    {
        using TestModel model = new();
        using Probe probe = new(new() { Optimizer = new SgdOptions { Lr = 0 }, AccumulativeCounts = 2 }, model);
        probe.InitializeCountStatus(model, 0, 2, NullLogger.Instance);
        probe.Iterate(model);
        probe.Iterate(model);

        Action act = () => probe.Iterate(model);

        act.Should().Throw<InvalidOperationException>().WithMessage(
            "UpdateParams was called 3 times, but training has 2 iterations. With accumulation, call it once in each iteration.");
    }

    [Fact]
    public void Accumulated_gradients_are_those_of_the_larger_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new SgdOptions { Lr = 0.25 }, AccumulativeCounts = 2 }, model);
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
        using OptimWrapper wrapper = new(new() { Optimizer = new SgdOptions { Lr = 0 }, ZeroGradTiming = timing }, model);

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
            new() { Optimizer = new SgdOptions { Lr = 0 }, ZeroGradTiming = ZeroGradTiming.BeforeBackward, AccumulativeCounts = 2 }, model);
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
        using OptimWrapper wrapper = new(new() { Optimizer = new SgdOptions { Lr = 0 }, SetToNone = setToNone }, model);

        wrapper.UpdateParams((model.Weight * 2).sum());

        (model.Weight.grad?.item<float>()).Should().Be(setToNone ? null : 0f);
    }

    [Fact]
    public void Null_is_the_default() => new OptimWrapperOptions { Optimizer = new SgdOptions { Lr = 1 } }.SetToNone.Should().BeTrue();

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
                Optimizer = new SgdOptions { Lr = 0 },
                ClipGrad = clips ? new GradClipOptions { MaxNorm = 0.1 } : null,
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
            new() { Optimizer = new SgdOptions { Lr = 1 }, ClipGrad = new GradClipOptions { MaxNorm = 0.5, NormType = double.PositiveInfinity } }, model);

        wrapper.UpdateParams((model.Weight * 8).sum());

        model.Weight.item<float>().Should().BeApproximately(0.5f, 1e-6f);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    public void Fewer_than_one_count_is_refused(int counts)
    {
        using TestModel model = new();

        Action act = () => new OptimWrapperOptions { Optimizer = new SgdOptions { Lr = 1 }, AccumulativeCounts = counts }.Build(model);

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
            Optimizer = new SgdOptions { Lr = 1 },
            ClipGrad = new GradClipOptions { MaxNorm = maxNorm, NormType = normType },
        }.Build(model);

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("options").WithMessage(
            FormattableString.Invariant(
                $"ClipGrad has MaxNorm {maxNorm} and NormType {normType}; both must be above 0. Use ClipGrad = null for no clipping.*"));
    }

    [Fact]
    public void One_group_has_one_learning_rate_in_the_log()
    {
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new SgdOptions { Lr = 0.3 } }, model);

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

        wrapper.LrEntries.Select(entry => entry.Name).Should().Equal("lr", "base_lr");
        wrapper.LrEntries[0].Groups.Select(group => group.Lr).Should().Equal(0.1, 0.2);
        wrapper.LrEntries[1].Groups.Should().ContainSingle().Which.Should().BeSameAs(wrapper.ParamGroups[2]);
        wrapper.ParamGroups.Select(group => group.Lr).Should().Equal(0.1, 0.2, 0.7);
    }

    [Fact]
    public void Resuming_in_the_middle_of_a_window_is_worth_a_warning_and_at_its_end_not()
    {
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new SgdOptions { Lr = 1 }, AccumulativeCounts = 3 }, model);
        ListLogger logger = new();

        wrapper.InitializeCountStatus(model, 6, 9, logger);
        logger.Warnings.Should().BeEmpty();
        wrapper.InitializeCountStatus(model, 4, 9, logger);

        logger.Warnings.Should().Equal(
            "Training resumes at iteration 4, in the middle of a window of 3 accumulated iterations. The gradients of the window's first part are lost.");
        wrapper.InnerCount.Should().Be(4);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public void Accumulation_with_batch_norm_is_worth_a_warning(int counts, int warnings)
    {
        using BatchNorm2d model = nn.BatchNorm2d(2);
        using Sequential nested = nn.Sequential(model);
        using OptimWrapper wrapper = new(new() { Optimizer = new SgdOptions { Lr = 1 }, AccumulativeCounts = counts }, nested);
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
    public void A_wrapper_opens_no_surroundings_of_its_own()
    {
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new SgdOptions { Lr = 1 } }, model);

        using IDisposable first = wrapper.OptimContext(model);
        first.Dispose();

        wrapper.OptimContext(model).Should().BeSameAs(first);
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

    /// <summary>Sees by what a loss of 1 was divided, and at which counts the weights were updated.</summary>
    private sealed class Probe(OptimWrapperOptions options, nn.Module model) : OptimWrapper(options, model)
    {
        public List<int> Factors { get; } = [];

        public List<int> Updates { get; } = [];

        public void Iterate(TestModel model)
        {
            using DisposeScope scope = NewDisposeScope();
            UpdateParams((model.Weight * 1).sum());
        }

        public override void Backward(Tensor loss)
        {
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
