using Compat.Adapters.Runners;
using Compat.Api.Tests.Support;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Optim;

namespace Compat.Api.Tests.Legacy;

public sealed class LegacyTests
{
    [Fact]
    public void A_runner_of_ones_own_adds_a_mode()
    {
        using LegacyLineModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1 });
        using TwiceRunner runner = new(model, Options(optimizer, epochs: 4));
        runner.RegisterOptimizerHook(new OptimizerConfig());

        runner.Run([LineDataset.Loader()], [("twice", 1)]);

        (runner.Epochs, runner.Epoch, runner.Iter).Should().Be((4, 4, 16));
        model.Weight.Should().Be(Train(new OptimizerConfig(), epochs: 4, asEngine: false));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_optimizer_hook_of_ones_own_updates_the_weights_on_either_engine(bool asEngine)
    {
        // The sign of every gradient is -1 here, so each of the 8 steps adds the rate.
        Train(new SignOptimizerConfig(), epochs: 2, asEngine).Should().BeApproximately(0.8f, 1e-6f);
        Train(new OptimizerConfig(), epochs: 2, asEngine).Should().NotBeApproximately(0.8f, 1e-2f);
    }

    private static float Train(OptimizerConfig config, int epochs, bool asEngine)
    {
        using LegacyLineModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1 });
        using EpochBasedRunner runner = new(model, Options(optimizer, epochs));
        runner.RegisterTrainingHooks(new TrainingHookOptions { OptimizerConfig = config });
        if (asEngine)
        {
            runner.AsEngine([LineDataset.Loader()], [("train", 1)]).Train();
        }
        else
        {
            runner.Run([LineDataset.Loader()], [("train", 1)]);
        }

        return model.Weight;
    }

    private static RunnerOptions Options(FusedSgd optimizer, int epochs) =>
        new() { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = epochs };
}
