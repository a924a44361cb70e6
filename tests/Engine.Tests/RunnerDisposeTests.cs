using Compat.Engine.Data;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests;

/// <summary>What a runner frees when it is disposed, each part by itself.</summary>
public sealed class RunnerDisposeTests
{
    // Nothing is logged, so that the watch alone keeps tensors.
    private static readonly DefaultHooks Silent = new() { RuntimeInfo = false, Timer = false, Logger = null };

    [Fact]
    public void The_sums_by_which_a_broken_off_training_was_watched_are_freed()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options with { TrainDataloader = Twos(), DefaultHooks = Silent });
        long before = LiveTensors.Settled();
        runner.TrainIterations().Take(3).Last();
        Tensor.TotalCount.Should().BeGreaterThan(before);

        runner.Dispose();

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Log_values_that_nobody_read_are_freed()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options);
        long before = LiveTensors.Settled();
        using (Tensor value = ones(1))
        {
            runner.MessageHub.UpdateScalar("train/loss", value);
        }

        Tensor.TotalCount.Should().Be(before + 1);

        runner.Dispose();

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void A_position_that_was_loaded_and_never_used_is_freed()
    {
        using TestRun run = new();
        Runner runner = run.Train(run.Options);
        long before = LiveTensors.Settled();
        using (NewDisposeScope())
        {
            runner.TrainLoop!.LoadState(runner.TrainLoop.SaveState());
        }

        Tensor.TotalCount.Should().Be(before + 1, "the random state waits for the next batch");

        runner.Dispose();

        Tensor.TotalCount.Should().Be(before);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_metric_has_kept_is_freed(bool ofTest)
    {
        using TestRun run = new();
        ProbeMetric metric = new();
        Runner runner = run.Make(
            ofTest ? run.WithTest with { TestEvaluator = new Evaluator(metric) } : run.WithValidation with { ValEvaluator = new Evaluator(metric) });
        long before = LiveTensors.Settled();
        metric.Process([1, 2]);
        Tensor.TotalCount.Should().Be(before + 1);

        runner.Dispose();

        Tensor.TotalCount.Should().Be(before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_loader_that_it_built_gives_no_batch_any_more_and_one_that_was_handed_in_does(bool training)
    {
        using TestRun run = new();
        RampDataset dataset = new(4);
        using BatchLoader own = new(dataset);
        DatasetLoaderOptions built = new() { Dataset = dataset, Sampler = new DefaultSamplerOptions() };
        Runner runner = run.Make(run.WithValidation with { TrainDataloader = training ? built : own, ValDataloader = training ? own : built });

        runner.Dispose();

        BatchLoader made = training ? runner.TrainDataloader! : runner.ValDataloader!;
        made.Invoking(loader => loader.First()).Should().Throw<ObjectDisposedException>();
        own.Invoking(loader => loader.First().Dispose()).Should().NotThrow();
    }

    [Fact]
    public void The_optimizer_that_it_built_steps_no_more()
    {
        using TestRun run = new();
        Runner runner = run.Train(run.Options);

        runner.Dispose();

        runner.OptimWrapper.Invoking(wrapper => wrapper.Step()).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void The_log_file_is_closed()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options with { Logger = null });
        string path = Path.Combine(runner.LogDir, $"{runner.Timestamp}.log");
        Action openAlone = () => File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
        openAlone.Should().Throw<IOException>();

        runner.Dispose();

        openAlone.Should().NotThrow();
    }

    private static BatchLoader Twos() => new(new TwosDataset(60), new BatchLoaderOptions { BatchSize = 2 });
}
