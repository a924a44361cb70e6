using System.Runtime.CompilerServices;
using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Adapters.Optim;
using Compat.Engine.Hooks.Arguments;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Training;

namespace Compat.Adapters.Runners;

/// <summary>The runner that legacy hooks see on a native runner, where there is no legacy one.</summary>
/// <remarks>
/// Preserves: every member of <see cref="BaseRunner"/>: counters, loader, batch, outputs, log buffer, optimizer, hooks and their priorities.
/// Changes: nothing. With a ported model whose weights the engine's wrapper updates, the loss in the outputs can be read, but not go through backward again.
/// Rejects: being run or counted by itself; it belongs to the engine.
/// </remarks>
internal sealed class LegacyRunnerFacade : BaseRunner
{
    private static readonly ConditionalWeakTable<Compat.Engine.Runner, LegacyRunnerFacade> Known = [];

    private readonly Compat.Engine.Runner engine;

    private LegacyRunnerFacade(Compat.Engine.Runner engine, LegacyModelAdapter? adapter)
        : base(adapter?.LegacyModel ?? engine.Model, OptionsOf(engine), new FacadeState(engine))
    {
        this.engine = engine;
        Timestamp = engine.Timestamp;
        LogBuffer.Listener = new LogBufferAdapter(engine, this).PassOn;
        adapter?.ShowTo(this, engine.OptimWrapper);
    }

    /// <summary>Calls a hook before the run.</summary>
    public static void BeforeRun(Compat.Engine.Runner engine, Hook hook, HookPriority priority)
    {
        if (Of(engine) is not LegacyRunnerFacade facade)
        {
            hook.BeforeRun(Of(engine));
            return;
        }

        facade.Remember(hook, priority);
        FacadeState state = (FacadeState)facade.State;
        state.IsBeforeRun = true;
        hook.BeforeRun(facade);
        state.IsBeforeRun = false;
    }

    /// <summary>Gives the runner for a hook that is called between iterations.</summary>
    public static BaseRunner BetweenIterations(Compat.Engine.Runner engine)
    {
        BaseRunner runner = Of(engine);
        (runner as LegacyRunnerFacade)?.State.EndIter();
        return runner;
    }

    /// <summary>Gives the runner for a hook that is called before the step.</summary>
    public static BaseRunner BeforeStep(Compat.Engine.Runner engine, BeforeIterArguments arguments)
    {
        BaseRunner runner = BetweenIterations(engine);
        (runner as LegacyRunnerFacade)?.State.BeginIter(arguments.BatchIndex, arguments.Batch);
        return runner;
    }

    /// <summary>Gives the runner for a hook that is called after the step.</summary>
    public static BaseRunner AfterStep(Compat.Engine.Runner engine, AfterTrainIterArguments arguments)
    {
        BaseRunner runner = Of(engine);
        if (runner is LegacyRunnerFacade facade)
        {
            facade.State.BeginIter(arguments.BatchIndex, arguments.Batch);
            facade.TakeOutputsOfPortedModel(arguments);
        }

        return runner;
    }

    /// <summary>Adds a hook here and to the engine.</summary>
    public override void RegisterHook(Hook hook, HookPriority? priority = null)
    {
        Remember(hook, priority ?? HookPriority.Normal);
        engine.RegisterHook(new LegacyHookAdapter(hook, priority));
    }

    // A hook on the view of a legacy runner sees that runner itself.
    private static BaseRunner Of(Compat.Engine.Runner engine) => engine.TrainLoop is LegacyTrainLoop loop
        ? loop.Legacy
        : Known.GetValue(engine, static runner => new(runner, LegacyModelAdapter.In(runner.Model)));

    private static RunnerOptions OptionsOf(Compat.Engine.Runner engine) => new()
    {
        Logger = engine.Logger,
        Optimizer = WrappedOptimizers.Of(engine.OptimWrapper),
        Collectives = engine.Collectives,
        WorkDir = engine.WorkDir,
        NonFiniteLoss = NonFiniteLoss.Ignore,                         // the engine's own log finds them, as its options say
        Time = engine.Time,
        Probe = engine.Probe,
    };

    private void Remember(Hook hook, HookPriority priority)
    {
        if (!Hooks.Contains(hook))
        {
            base.RegisterHook(hook, priority);
        }
    }

    // What a ported model logs is all that there is.
    private void TakeOutputsOfPortedModel(AfterTrainIterArguments arguments)
    {
        if (Outputs is null)
        {
            TakeOutputs(
                new StepOutputs
                {
                    Loss = engine.OptimWrapper.Loss,
                    NumSamples = arguments.Outputs.NumSamples ?? Math.Max(arguments.Batch.Indices.Count, 1),
                    LogVars = arguments.Outputs,
                },
                trainMode: true);
        }
    }
}
