using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;

namespace Compat.Engine.Tests.Hooks;

public sealed class DistSamplerSeedHookTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_epoch_has_its_own_order_only_with_the_hook(bool registered)
    {
        using TestRun run = new();
        ToyDataset dataset = new(20);
        OrderHook order = new();

        run.Train(
            run.Options with
            {
                TrainDataloader = new BatchLoader(dataset, new BatchLoaderOptions { BatchSize = 20, Sampler = new DefaultSampler(dataset, seed: 0) }),
                DefaultHooks = new DefaultHooks { SamplerSeed = registered },
            },
            order);

        DefaultSampler expected = new(dataset, seed: 0);
        order.Epochs[0].Should().Equal(expected);
        expected.SetEpoch(registered ? 1 : 0);
        order.Epochs[1].Should().Equal(expected);
    }

    private sealed class OrderHook : Hook
    {
        public List<IReadOnlyList<int>> Epochs { get; } = [];

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) => Epochs.Add(arguments.Batch.Indices);
    }
}
