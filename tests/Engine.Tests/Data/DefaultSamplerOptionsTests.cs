using Compat.Engine.Data;
using Compat.Engine.Tests.Support;
using Compat.Torch.Data;
using Compat.Torch.Distributed;

namespace Compat.Engine.Tests.Data;

public sealed class DefaultSamplerOptionsTests
{
    [Fact]
    public void The_defaults_shuffle_and_round_up()
    {
        RampDataset dataset = new(5);
        DataloaderContext context = new(3, new ProcessRank(1, 2));

        Sampler built = new DefaultSamplerOptions().Build(dataset, context);

        built.Should().HaveCount(3).And.Equal(new DefaultSampler(dataset, shuffle: true, seed: 3, roundUp: true, process: context.Rank));
        built.Should().NotEqual(new DefaultSamplerOptions { Shuffle = false }.Build(dataset, context));
        new DefaultSamplerOptions { RoundUp = false }.Build(dataset, context).Should().HaveCount(2);
    }
}
