using Compat.Engine.Model;
using Compat.Torch.Distributed;

namespace Compat.Engine.Composition;

/// <summary>What a runner settles with the other processes before it trains.</summary>
internal static class ProcessComposer
{
    public static ICollectives Join(RunnerOptions options)
    {
        ICollectives started = Dist.Init(options.Launcher);
        return options.Launcher == Launcher.None || ReferenceEquals(options.Collectives, started) ? options.Collectives
            : options.Collectives is SingleProcess ? started
            : throw new ArgumentException(
                $"Launcher is {options.Launcher}, and Collectives is a {options.Collectives.GetType().Name} that this launcher has not given. Set one of the two.", nameof(options));
    }

    /// <summary>Gets the seed of the samplers: without one, several processes need a common one.</summary>
    public static long? SamplerSeed(ICollectives collectives, long? seed) => seed is null && collectives.Rank.WorldSize > 1
        ? Dist.SyncRandomSeed(collectives)
        : seed;

    /// <summary>Gets what averages the gradients.</summary>
    /// <returns>That of the wrapper that does it; of a model without one, a new one; <see langword="null"/> in a single process.</returns>
    public static ModelReplica? ReplicaOf(BaseModel model, ICollectives collectives)
    {
        for (BaseModel? one = model; one is not null; one = (one as IModelWrapper)?.Module)
        {
            if (one is MMDistributedDataParallel wrapper)
            {
                return ReferenceEquals(wrapper.Collectives, collectives) ? wrapper.Replica : throw new ArgumentException(
                    $"The model is a {wrapper.GetType().Name} of {wrapper.Collectives.Rank.WorldSize} processes, but the runner trains with "
                    + $"{collectives.Rank.WorldSize}. Set Collectives in the runner's options to those of the wrapper, or Launcher = Launcher.Mpi.");
            }
        }

        return collectives.Rank.WorldSize == 1 ? null : new ModelReplica(model.StateModule, collectives);
    }

    /// <summary>Refuses a training whose processes would wait for one another at its end.</summary>
    public static void CheckSameLength(Runner runner)
    {
        if (runner.Collectives.Rank.WorldSize > 1)
        {
            runner.Collectives.RequireSameLength($"{runner.TrainLoop!.Dataloader.Length} batches and {runner.MaxIters} iterations", "RoundUp = true");
        }
    }
}
