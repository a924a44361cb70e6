using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

public sealed class RunnerTests
{
    [Fact]
    public void The_old_name_warns_once_and_trains_as_the_new_one()
    {
        ListLogger logger = new();
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using Runner runner = new(model, new RunnerOptions { Logger = logger, MaxEpochs = 2, Optimizer = optimizer });
        runner.RegisterOptimizerHook(new OptimizerConfig());

        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        logger.Warnings.Should().Equal("Runner was deprecated, please use EpochBasedRunner instead");
        runner.Iter.Should().Be(4);
        runner.Should().BeAssignableTo<EpochBasedRunner>();
    }

    [Fact]
    public void The_new_name_does_not_warn()
    {
        ListLogger logger = new();
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = logger, MaxEpochs = 1, Optimizer = optimizer });
        runner.RegisterOptimizerHook(new OptimizerConfig());

        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        logger.Warnings.Should().BeEmpty();
    }
}
