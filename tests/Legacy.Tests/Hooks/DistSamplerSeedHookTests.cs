using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;

namespace Compat.Legacy.Tests.Hooks;

public sealed class DistSamplerSeedHookTests
{
    [Fact]
    public void The_sampler_is_told_the_epoch_before_each_epoch_of_either_kind()
    {
        EpochSampler train = new();
        EpochSampler val = new();
        using ValStepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 3 });
        runner.RegisterHook(new DistSamplerSeedHook());

        runner.Run([Loader(train), Loader(val)], [("train", 1), ("val", 1)]);

        train.Epochs.Should().Equal(0, 1, 2);
        val.Epochs.Should().Equal([1, 2, 3], "the epoch is advanced before a validation");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Only_with_the_hook_does_each_epoch_have_its_own_order(bool withHook)
    {
        ToyDataset dataset = new(20);
        using StepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 2 });
        List<int> order = [];
        runner.RegisterHook(new ActionHook { AtBeforeTrainIter = inner => order.AddRange(inner.DataBatch!.Indices) });
        if (withHook)
        {
            runner.RegisterHook(new DistSamplerSeedHook());
        }

        runner.Run([new BatchLoader(dataset, new BatchLoaderOptions { Sampler = new DefaultSampler(dataset, seed: 0) })], [("train", 1)]);

        order[..20].SequenceEqual(order[20..]).Should().Be(!withHook);
    }

    [Fact]
    public void A_runner_by_iteration_tells_samplers_by_itself_and_refuses_it()
    {
        using StepModel model = new();
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxIters = 3 });
        runner.RegisterHook(new DistSamplerSeedHook());

        Action run = () => runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        run.Should().Throw<InvalidOperationException>().WithMessage(
            "DistSamplerSeedHook is called before IterBasedRunner has a loader. It needs a runner with epochs; IterBasedRunner tells samplers the number of each "
            + "pass by itself: leave the hook out.");
    }

    [Fact]
    public void It_is_not_registered_by_itself()
    {
        using StubRunner runner = new();
        runner.RegisterTrainingHooks(new TrainingHookOptions { OptimizerConfig = new OptimizerConfig(), LogConfig = new LogConfig { Interval = 1 } });

        runner.Hooks.Should().NotContain(hook => hook is DistSamplerSeedHook);
    }

    private static BatchLoader Loader(Sampler sampler) => new(new ToyDataset(2), new BatchLoaderOptions { BatchSize = 2, Sampler = sampler });

    private sealed class EpochSampler : Sampler
    {
        public List<int> Epochs { get; } = [];

        public override int Count => 2;

        public override void SetEpoch(int epoch) => Epochs.Add(epoch);

        protected override IEnumerable<int> Order() => Enumerable.Range(0, 2);
    }
}
