using System.Runtime.CompilerServices;
using Compat.Adapters.Diagnostics;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;

namespace Compat.Adapters.Runners;

/// <summary>Runs an old trainer on the engine: <c>legacy.Run(loaders, workflow)</c> becomes <c>legacy.AsEngine(loaders, workflow).Train()</c>.</summary>
public static class RunnerAdapterExtensions
{
    private static readonly ConditionalWeakTable<WorkflowRunner, View> Views = [];
    private static readonly ConditionalWeakTable<Compat.Engine.Runner, WorkflowRunner> Originals = [];

    /// <summary>Gives the engine's view of an old runner: the same model, optimizer, hooks and schedule, unchanged, on the engine's loop.</summary>
    /// <remarks>
    /// <para>Weights, losses, log values and learning rates are those of <see cref="WorkflowRunner.Run"/>, bit for bit. Hooks and the model see the old runner
    /// itself, which stands where the engine does while it trains, and afterwards where training ended. It starts where the old runner stands, at the
    /// beginning of an epoch (a runner that counts iterations: at that iteration, with loaders that begin anew), and hooks that are registered before training starts are called.</para>
    /// <para>A plain optimizer hook is replaced by the engine's wrapper; a derived one, or one behind other hooks of the same point, is called as it is, unless
    /// the options say otherwise.</para>
    /// </remarks>
    /// <param name="legacy">The old runner, with its hooks registered.</param>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows; for example <c>[("train", 1), ("val", 1)]</c>.</param>
    /// <param name="options">What is kept and what is translated; <see langword="null"/>, the default, for the defaults.</param>
    /// <returns>The engine's runner; the same one for the same arguments. It is trained once.</returns>
    /// <exception cref="CompatException">Something cannot be carried over; everything is listed.</exception>
    public static Compat.Engine.Runner AsEngine(
        this WorkflowRunner legacy,
        IReadOnlyList<BatchLoader> dataLoaders,
        IReadOnlyList<WorkflowStep> workflow,
        AsEngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(legacy);
        ArgumentNullException.ThrowIfNull(dataLoaders);
        ArgumentNullException.ThrowIfNull(workflow);
        options ??= new();
        if (options.IsCalledByRunIterations || !Views.TryGetValue(legacy, out View? view) || !view.IsOf(dataLoaders, workflow, options))
        {
            view = new View([.. dataLoaders], [.. workflow], options, Make(legacy, dataLoaders, workflow, options));
            Views.AddOrUpdate(legacy, view);
        }

        return view.Engine;
    }

    /// <summary>Gives back the old runner whose view an engine's runner is.</summary>
    /// <param name="engine">The view.</param>
    /// <returns>The old runner.</returns>
    /// <exception cref="InvalidOperationException">The runner is no such view.</exception>
    public static WorkflowRunner AsLegacy(this Compat.Engine.Runner engine) => Originals.TryGetValue(engine, out WorkflowRunner? legacy)
        ? legacy
        : throw new InvalidOperationException("This runner was not made by AsEngine, so there is no old runner behind it.");

    private static Compat.Engine.Runner Make(
        WorkflowRunner legacy, IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow, AsEngineOptions options)
    {
        Compat.Engine.Runner engine = new(new LegacyRunnerTranslator(legacy, dataLoaders, workflow, options).Translate());
        Originals.Add(engine, legacy);
        return engine;
    }

    private sealed record View(BatchLoader[] DataLoaders, WorkflowStep[] Workflow, AsEngineOptions Options, Compat.Engine.Runner Engine)
    {
        public bool IsOf(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow, AsEngineOptions options) =>
            DataLoaders.SequenceEqual(dataLoaders)
            && Workflow.SequenceEqual(workflow)
            && Options with { AcceptedChanges = options.AcceptedChanges } == options
            && Options.AcceptedChanges.SequenceEqual(options.AcceptedChanges);
    }
}
