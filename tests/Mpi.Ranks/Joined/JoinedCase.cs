using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Distributed;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>Ranks that share the batches train as one process does on the whole ones, at each of 20 iterations.</summary>
internal static class JoinedCase
{
    /// <summary>Makes the case of a feature. On its own share alone a rank ends elsewhere, and so does a training without the feature: the controls.</summary>
    /// <param name="feature">The feature's name.</param>
    /// <param name="train">Gives the weights after each iteration.</param>
    /// <param name="without">Trains without the feature.</param>
    public static RankCase Of(string feature, Func<TrainingShare, double[][]> train, Func<TrainingShare, double[][]>? without = null) =>
        new($"{feature}_trains_as_one_process_on_the_whole_batch", collectives =>
        {
            double[][] together = train(TrainingShare.Together(collectives));
            double[][] whole = train(TrainingShare.Whole(collectives));
            together.Should().HaveCount(TrainingShare.Iterations);
            for (int i = 0; i < TrainingShare.Iterations; i++)
            {
                collectives.GatherTexts(string.Join(' ', together[i])).Distinct().Should().ContainSingle("all ranks have the same weights after iteration {0}", i);
                Distance(together[i], whole[i]).Should().BeLessThan(1e-6, "after iteration {0}", i);
            }

            Distance(whole[0], whole[^1]).Should().BeGreaterThan(1e-3, "something was trained");
            Distance(train(TrainingShare.Alone(collectives))[^1], whole[^1]).Should().BeGreaterThan(1e-4, "what the other ranks know matters");
            if (without is not null)
            {
                Distance(without(TrainingShare.Whole(collectives))[^1], whole[^1]).Should().BeGreaterThan(1e-4, "the feature acts");
            }
        });

    /// <summary>Refuses data in which the ranks do not differ in what they use: then nothing would be shown with it.</summary>
    public static void RequireUnevenUse(ICollectives collectives)
    {
        using BatchLoader loader = TrainingShare.Together(collectives).Loader(SpareUse.Rarely);
        string[] ranks = collectives.GatherTexts(string.Concat(loader.Select(batch => ((ToyBatch)batch).Label.narrow(1, 1, 1).any().item<bool>() ? '1' : '0')));
        int[] users = [.. Enumerable.Range(0, TrainingShare.Iterations).Select(i => ranks.Count(rank => rank[i] == '1'))];
        users.Should().Contain(0).And.Contain(1).And.OnlyContain(count => count < ranks.Length);
    }

    /// <summary>Expects that an unused parameter is one error on all ranks.</summary>
    public static void RequireRefusal(Action train, ICollectives collectives)
    {
        string message = train.Should().Throw<InvalidOperationException>().WithMessage("Trainable parameters got no gradient: *spare.weight (in *Set FindUnusedParameters = true*").Which.Message;
        collectives.GatherTexts(message).Distinct().Should().ContainSingle();
    }

    private static double Distance(double[] one, double[] other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Max();
}
