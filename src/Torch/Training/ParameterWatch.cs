using Compat.Torch.Logging;
using Compat.Torch.Optim;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Says, once, that a training changes nothing: before it if that can be known, else when its first updates should show.</summary>
/// <remarks>
/// <para>It compares two sums per parameter, taken at the start, around the first update and around the tenth one with a rate above 0 that no loss scaler left out,
/// or at the end of a shorter training. Between, an iteration costs a counter. The result is read together with the log values, so nothing waits for it.</para>
/// <para>Updates are announced by the <see cref="IterationProbe"/>. If none is, iterations are counted: a model may update its weights itself. If such a model
/// has gradients, it may be accumulating them, and gets more time. Weights that stay where they are because all gradients are zero are no cause for a line.</para>
/// </remarks>
/// <param name="pending">Where results wait until log values are read. Borrowed.</param>
/// <param name="logger">Where lines go.</param>
[HoldsTensors("owner: the model")]
public sealed class ParameterWatch(PendingScalars pending, ILogger logger) : IDisposable
{
    private const int Few = 10;

    private readonly ParameterMemory memory = new();
    private readonly HashSet<optim.Optimizer> seen = [];
    private IReadOnlyCollection<OptimizerGroup> groups = [];
    private nn.Module? model;
    private IterationProbe? probe;
    private ParameterLook? look;
    private int iterations;
    private int rated;
    private int announced;
    private int updates;
    private int due = Few;
    private bool isJudged;

    // Without announcements, iterations at a rate above 0, as far as it is known, stand for updates.
    private int Count => announced == 0 ? rated : updates;

    /// <summary>Begins, once the weights are loaded and before the first iteration.</summary>
    /// <param name="model">The module whose parameters are trained. Borrowed.</param>
    /// <param name="groups">The groups of all optimizers; none if there is no optimizer. Borrowed.</param>
    /// <param name="probe">What announces updates. Borrowed.</param>
    /// <exception cref="InvalidOperationException">There are optimizers, but none of their parameters is the model's.</exception>
    public void Start(nn.Module model, IReadOnlyCollection<OptimizerGroup> groups, IterationProbe probe)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(probe);
        ParameterCoverage.Check(model, groups, logger);
        Dispose();
        if (!model.parameters().Any(parameter => parameter.requires_grad))
        {
            return;
        }

        memory.Begin(model);
        (this.model, this.groups, this.probe) = (model, groups, probe);
        (iterations, rated, announced, updates, due, isJudged, look) = (0, 0, 0, 0, Few, false, null);
        probe.Clipped += OnUpdate;
        probe.Skipped += memory.AddSkipped;
    }

    /// <summary>Counts a training iteration, after its update.</summary>
    public void EndIter()
    {
        if (model is null)
        {
            return;
        }

        iterations++;
        rated += groups.Count == 0 || HasRate(groups) ? 1 : 0;
        bool isDue = look is null && Count >= due;
        if (isDue || isJudged)
        {
            memory.Compare(model);
            isJudged = false;
        }

        if (isDue)
        {
            Look(isLast: false);
        }
    }

    /// <summary>Ends with the training: what is not known yet is found out now. Here, and only here, it reads what waits.</summary>
    public void Finish()
    {
        if (model is not null)
        {
            pending.Flush();
        }

        if (model is not null && iterations > 0)
        {
            memory.Compare(model);
            Look(isLast: true);
            pending.Flush();
        }

        Dispose();
    }

    /// <summary>Listens no more, and frees what is kept.</summary>
    public void Dispose()
    {
        Stop();
        memory.Dispose();
    }

    private static bool HasRate(IEnumerable<OptimizerGroup> groups) => groups.Any(group => group.Lr > 0);

    private static bool HasGradients(nn.Module model)
    {
        using DisposeScope scope = NewDisposeScope();
        return model.parameters().Any(parameter => parameter.grad is not null);
    }

    // An optimizer's gradients are judged at its first update, and at the one after which all parameters are looked at.
    private void OnUpdate(optim.Optimizer optimizer)
    {
        due = announced++ == 0 ? Few : due;
        IReadOnlyList<OptimizerGroup> stepped = OptimizerGroup.Of(optimizer);
        if (HasRate(stepped))
        {
            updates++;
            if (seen.Add(optimizer) || updates == due)
            {
                memory.Judge(model!, stepped);
                isJudged = true;
            }
        }
    }

    private void Look(bool isLast)
    {
        look = new ParameterLook(memory.Names, Conclude)
        {
            Iterations = iterations,
            Announced = announced,
            Updates = updates,
            HasGradients = HasGradients(model!),
            IsLast = isLast,
        };
        memory.Ask(model!, pending, look);
    }

    private void Conclude(ParameterLook taken)
    {
        look = null;
        if (model is null)
        {
            return;                                                   // the run was broken off
        }

        if (!taken.IsLast && (taken.IsAnnounced ? taken.Made < Few : announced > 0))
        {
            due = Math.Max(taken.Updates + Few - taken.Made, updates + 1);    // the first updates were skipped, or came only now
            return;
        }

        string name = model.GetType().Name;
        bool isChanged = taken.Any(UpdateReach.Changed);
        string? text = isChanged ? ParameterVerdict.OfSome(taken, name) : ParameterVerdict.OfNothing(taken, name);
        if (text is not null)
        {
            CompatEvents.Write(logger, LogLevel.Warning, isChanged ? CompatEvents.ParametersUnmoved : CompatEvents.NothingTrained, text);
        }

        if (text is not null || isChanged || taken.IsLast)
        {
            Stop();
        }
        else
        {
            due = due < ParameterVerdict.Many ? Math.Max(ParameterVerdict.Many, Count + 1) : int.MaxValue;
        }
    }

    // Frees nothing: whoever counts the tensors of a training, to see that they do not grow, finds the same number before and after.
    private void Stop()
    {
        if (probe is not null)
        {
            probe.Clipped -= OnUpdate;
            probe.Skipped -= memory.AddSkipped;
        }

        seen.Clear();
        (model, groups, probe) = (null, [], null);
    }
}
