using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>What a legacy runner settles with the other processes before it trains.</summary>
internal static class ProcessCheck
{
    /// <summary>Gets the processes that train together: those of the options, else those of the wrapped model.</summary>
    public static ICollectives CollectivesOf(nn.Module model, RunnerOptions options)
    {
        if (model is not MMDistributedDataParallel wrapper || ReferenceEquals(wrapper.Collectives, options.Collectives))
        {
            return options.Collectives;
        }

        return options.Collectives is SingleProcess ? wrapper.Collectives : throw new ArgumentException(
            $"The model was wrapped for {wrapper.Collectives.Rank.WorldSize} processes with other collectives than the runner's. Give both the same, for example those of "
            + "Dist.Init(Launcher.Mpi), or leave Collectives out of the runner's options.");
    }

    /// <summary>Refuses a training in which processes would drift apart, or wait for others that have finished; lets optimizers average for models that step by themselves.</summary>
    public static void Run(WorkflowRunner runner, IReadOnlyList<BatchLoader> loaders)
    {
        if (runner.WorldSize == 1)
        {
            return;
        }

        runner.Collectives.RequireSameLength($"{string.Join(", ", loaders.Select(loader => loader.Length))} batches", "roundUp: true");
        bool hasHook = runner.Hooks.OfType<OptimizerHook>().Any();
        if (runner.Model is MMDistributedDataParallel wrapper)
        {
            foreach ((string name, optim.Optimizer optimizer) in runner.Optimizer?.All ?? [])
            {
                LetAverage(wrapper, name, optimizer, hasHook);
            }
        }
        else if (runner.Hooks.Any(hook => hook.GetType() == typeof(OptimizerHook) || hook is GradientCumulativeOptimizerHook or Fp16OptimizerHook))
        {
            throw new InvalidOperationException(
                $"{runner.WorldSize} processes train, but {runner.ModelName} is not wrapped: nothing would average its gradients, and each process would train a model of "
                + "its own. Give the runner new MMDistributedDataParallel(model, collectives).");
        }
    }

    private static void LetAverage(MMDistributedDataParallel wrapper, string name, optim.Optimizer optimizer, bool hasHook)
    {
        if (optimizer is FusedOptimizer fused)
        {
            wrapper.Replica.AverageBeforeStep(fused);
        }
        else if (!hasHook)
        {
            throw new InvalidOperationException(
                $"The model steps by itself, and its optimizer{(name.Length == 0 ? string.Empty : $" '{name}'")} is TorchSharp's {optimizer.GetType().Name}, which cannot "
                + "average gradients over processes before its step. Use one of this library's, for example new FusedSgd(model.parameters(), new() { Lr = 0.01 }).");
        }
    }
}
