using Compat.Engine.Hooks.Arguments;
using Compat.Torch.Training;

namespace Compat.Engine.Hooks;

/// <summary>The hooks of a run, in order: by priority, then by registration. At each point only those are called that override it.</summary>
public sealed class HookList
{
    private readonly Runner runner;
    private readonly HookRegistry<Hook, HookPoint> registry = new();

    internal HookList(Runner runner) => this.runner = runner;

    /// <summary>Gets the hooks in the order in which they are called.</summary>
    public IReadOnlyList<Hook> All => registry.All;

    /// <summary>Gets the hook that is being called, with its point, in words; <see langword="null"/> if none is.</summary>
    internal string? Running => registry.Running;

    /// <summary>Adds a hook behind those of the same priority.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="priority">Where it stands; <see langword="null"/> for its own <see cref="Hook.Priority"/>.</param>
    /// <exception cref="ArgumentException">The hook is registered already.</exception>
    public void Register(Hook hook, HookPriority? priority = null)
    {
        ArgumentNullException.ThrowIfNull(hook);
        registry.Register(hook, hook.Name, priority ?? hook.Priority, hook.TriggeredPoints);
    }

    /// <summary>Gets the priority under which a hook is registered.</summary>
    /// <param name="hook">A hook of this list.</param>
    /// <returns>The priority.</returns>
    /// <exception cref="KeyNotFoundException">The hook is not in this list.</exception>
    public HookPriority PriorityOf(Hook hook) => registry.PriorityOf(hook);

    /// <summary>Describes which hooks are called at which point, as MMEngine prints it when a run starts.</summary>
    /// <returns>One paragraph for each point that has hooks.</returns>
    public string Describe() => registry.Describe();

    internal void BeforeRun() => Call(HookPoint.BeforeRun, static (hook, runner) => hook.BeforeRun(runner));

    internal void BeforeTrain() => Call(HookPoint.BeforeTrain, static (hook, runner) => hook.BeforeTrain(runner));

    internal void BeforeTrainEpoch() => Call(HookPoint.BeforeTrainEpoch, static (hook, runner) => hook.BeforeTrainEpoch(runner));

    internal void BeforeTrainIter(BeforeIterArguments arguments)
    {
        foreach (Hook hook in registry.At((int)HookPoint.BeforeTrainIter))
        {
            hook.BeforeTrainIter(runner, arguments);
        }
    }

    internal void AfterTrainIter(AfterTrainIterArguments arguments)
    {
        foreach (Hook hook in registry.At((int)HookPoint.AfterTrainIter))
        {
            hook.AfterTrainIter(runner, arguments);
        }
    }

    internal void AfterTrainEpoch() => Call(HookPoint.AfterTrainEpoch, static (hook, runner) => hook.AfterTrainEpoch(runner));

    internal void BeforeVal() => Call(HookPoint.BeforeVal, static (hook, runner) => hook.BeforeVal(runner));

    internal void BeforeValEpoch() => Call(HookPoint.BeforeValEpoch, static (hook, runner) => hook.BeforeValEpoch(runner));

    internal void BeforeValIter(BeforeIterArguments arguments)
    {
        foreach (Hook hook in registry.At((int)HookPoint.BeforeValIter))
        {
            hook.BeforeValIter(runner, arguments);
        }
    }

    internal void AfterValIter(AfterValIterArguments arguments)
    {
        foreach (Hook hook in registry.At((int)HookPoint.AfterValIter))
        {
            hook.AfterValIter(runner, arguments);
        }
    }

    internal void AfterValEpoch(AfterValEpochArguments arguments)
    {
        foreach (Hook hook in registry.At((int)HookPoint.AfterValEpoch))
        {
            hook.AfterValEpoch(runner, arguments);
        }
    }

    internal void AfterVal() => Call(HookPoint.AfterVal, static (hook, runner) => hook.AfterVal(runner));

    internal void AfterTrain() => Call(HookPoint.AfterTrain, static (hook, runner) => hook.AfterTrain(runner));

    internal void BeforeTest() => Call(HookPoint.BeforeTest, static (hook, runner) => hook.BeforeTest(runner));

    internal void BeforeTestEpoch() => Call(HookPoint.BeforeTestEpoch, static (hook, runner) => hook.BeforeTestEpoch(runner));

    internal void BeforeTestIter(BeforeIterArguments arguments)
    {
        foreach (Hook hook in registry.At((int)HookPoint.BeforeTestIter))
        {
            hook.BeforeTestIter(runner, arguments);
        }
    }

    internal void AfterTestIter(AfterTestIterArguments arguments)
    {
        foreach (Hook hook in registry.At((int)HookPoint.AfterTestIter))
        {
            hook.AfterTestIter(runner, arguments);
        }
    }

    internal void AfterTestEpoch(AfterTestEpochArguments arguments)
    {
        foreach (Hook hook in registry.At((int)HookPoint.AfterTestEpoch))
        {
            hook.AfterTestEpoch(runner, arguments);
        }
    }

    internal void AfterTest() => Call(HookPoint.AfterTest, static (hook, runner) => hook.AfterTest(runner));

    internal void AfterRun() => Call(HookPoint.AfterRun, static (hook, runner) => hook.AfterRun(runner));

    private void Call(HookPoint point, Action<Hook, Runner> call)
    {
        foreach (Hook hook in registry.At((int)point))
        {
            call(hook, runner);
        }
    }
}
