using System.Runtime.CompilerServices;
using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Runners;

/// <summary>The runner that legacy hooks see while the engine runs.</summary>
/// <remarks>
/// Preserves: every member of <see cref="BaseRunner"/>: counters, loader, batch, outputs, log buffer, optimizer, hooks and their priorities.
/// Changes: nothing.
/// Rejects: being run or counted by itself; it belongs to the engine.
/// </remarks>
internal sealed class LegacyRunnerFacade : BaseRunner
{
    private static readonly ConditionalWeakTable<Compat.Engine.Runner, LegacyRunnerFacade> Known = [];

    private readonly Compat.Engine.Runner engine;
    private int lastTaken = -1;
    private bool? isTimed;

    private LegacyRunnerFacade(Compat.Engine.Runner engine, nn.Module model, RunnerOptions options)
        : base(model, options, new EngineRunnerState(engine))
    {
        this.engine = engine;
        LogBuffer.Listener = PassOn;
    }

    /// <summary>Finds the façade of an engine's runner, or makes one for a runner that was not made from a legacy one.</summary>
    public static LegacyRunnerFacade Of(Compat.Engine.Runner engine)
    {
        LegacyRunnerFacade facade = Known.GetValue(engine, static runner => new(runner, Inner(runner), OptionsOf(runner)));
        if (engine.Model is LegacyModelAdapter adapter)
        {
            adapter.Facade = facade;
        }

        return facade;
    }

    /// <summary>Makes the façade for an engine's runner that stands for a legacy one, with its hooks.</summary>
    public static LegacyRunnerFacade For(Compat.Engine.Runner engine, BaseRunner legacy)
    {
        LegacyRunnerFacade facade = new(engine, legacy.Model, legacy.Options with { Probe = engine.Probe }) { Timestamp = legacy.Timestamp, Meta = legacy.Meta };
        foreach (Hook hook in legacy.Hooks)
        {
            facade.Remember(hook, legacy.PriorityOf(hook));
        }

        Known.Add(engine, facade);
        return facade;
    }

    /// <summary>Adds a hook here and to the engine.</summary>
    public override void RegisterHook(Hook hook, HookPriority? priority = null)
    {
        Remember(hook, priority ?? HookPriority.Normal);
        engine.RegisterHook(new LegacyHookAdapter(hook, priority));
    }

    /// <summary>Lists a hook that the engine calls already.</summary>
    public void Remember(Hook hook, HookPriority priority)
    {
        if (!Hooks.Contains(hook))
        {
            base.RegisterHook(hook, priority);
        }
    }

    /// <summary>Calls a hook before the run.</summary>
    public void CallBeforeRun(Hook hook)
    {
        EngineRunnerState state = (EngineRunnerState)State;
        state.IsBeforeRun = true;
        hook.BeforeRun(this);
        state.IsBeforeRun = false;
    }

    /// <summary>Begins an iteration.</summary>
    public void Begin(int position, DataBatch batch) => State.BeginIter(position, batch);

    /// <summary>Gets whether what the present iteration's step returned was taken over.</summary>
    public bool HasOutputs => lastTaken == Iter;

    private bool IsTimed => isTimed ??= engine.Hooks.All.OfType<Compat.Engine.Hooks.IterTimerHook>().Any();

    /// <summary>Takes over what the step returned.</summary>
    public void Take(StepOutputs outputs)
    {
        TakeOutputs(outputs, trainMode: true);
        lastTaken = Iter;
    }

    /// <summary>Ends an iteration.</summary>
    public void End() => State.EndIter();

    // What hooks log reaches the engine's hub with its weight. Times come once, if the engine measures them itself.
    private void PassOn(LogVars vars, int count)
    {
        foreach ((string name, LogValue value) in vars)
        {
            if (name is "time" or "data_time" && IsTimed)
            {
                continue;
            }

            engine.MessageHub.UpdateScalar($"train/{name}", value, weight: count);
        }
    }

    private static nn.Module Inner(Compat.Engine.Runner engine) =>
        engine.Model is LegacyModelAdapter adapter ? adapter.LegacyModel : engine.Model;

    private static RunnerOptions OptionsOf(Compat.Engine.Runner engine) => new()
    {
        Logger = engine.Logger,
        Optimizer = engine.OptimWrapper is OptimWrapper wrapper ? new OptimizerSet(wrapper.Optimizer) : null,
        WorkDir = engine.WorkDir,
        Time = engine.Time,
        Probe = engine.Probe,
    };
}
