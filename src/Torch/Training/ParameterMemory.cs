using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>What <see cref="ParameterWatch"/> keeps of the parameters, on their devices: their first sums, whether they have moved, and what updates could do.</summary>
/// <remarks>
/// Sums are compared before and after each update that is judged, not only at the end: a parameter whose gradient is rounding noise, such as a bias before a
/// batch norm, wanders by single units in the last place and may be back where it began.
/// </remarks>
[HoldsTensors("owner: ParameterWatch, which disposes it")]
internal sealed class ParameterMemory : IDisposable
{
    private readonly OrderedDictionary<string, StateTensor> sums = [];
    private readonly Dictionary<string, StateTensor> moved = [];
    private readonly Dictionary<string, StateTensor> reach = [];
    private StateTensor? skipped;

    /// <summary>Gets the names of the parameters, in order.</summary>
    public string[] Names => [.. sums.Keys];

    /// <summary>Keeps the sums of all parameters.</summary>
    /// <param name="model">The model. Borrowed.</param>
    public void Begin(nn.Module model)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Parameter parameter) in model.named_parameters())
        {
            Tensor now = ParameterSums.Of(parameter);
            sums[name] = new StateTensor(now);
            moved[name] = new StateTensor(zeros_like(now[0]));
        }
    }

    /// <summary>Finds what is no longer where it began.</summary>
    /// <param name="model">The model. Borrowed.</param>
    public void Compare(nn.Module model)
    {
        foreach ((string name, Parameter parameter) in model.named_parameters())
        {
            if (sums.TryGetValue(name, out StateTensor? first))
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor now = ParameterSums.Of(parameter);
                Tensor hasMoved = now.ne(first.Value.to(now.device)).any().to(now.dtype);
                moved[name].Replace(maximum(moved[name].Value.to(now.device), hasMoved));
            }
        }
    }

    /// <summary>Counts a step that a loss scaler has left out, or not.</summary>
    /// <param name="optimizer">The optimizer. It does not matter which.</param>
    /// <param name="isSkipped">One element, not 0 if the step is left out. Borrowed.</param>
    public void AddSkipped(optim.Optimizer optimizer, Tensor isSkipped)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor one = isSkipped.detach().ne(0).to(ScalarType.Float32).reshape([]);
        if (skipped is null)
        {
            skipped = new StateTensor(one);
        }
        else
        {
            skipped.Replace(skipped.Value + one.to(skipped.Value.device));
        }
    }

    /// <summary>Keeps what the present gradients can do, in place of what was kept before, and compares.</summary>
    /// <param name="model">The model. Borrowed.</param>
    /// <param name="groups">The groups of the optimizer that is about to step. Borrowed.</param>
    public void Judge(nn.Module model, IReadOnlyList<OptimizerGroup> groups)
    {
        Compare(model);
        using DisposeScope scope = NewDisposeScope();
        ILookup<IntPtr, string> names = model.named_parameters().ToLookup(entry => entry.parameter.Handle, entry => entry.name);
        foreach (OptimizerGroup group in groups.Where(group => group.Lr > 0))
        {
            foreach (Parameter parameter in group.Parameters)
            {
                if (names[parameter.Handle].FirstOrDefault() is { } name && UpdateReach.Of(parameter, group.Lr) is { } answer)
                {
                    reach.Remove(name, out StateTensor? before);
                    before?.Dispose();
                    reach.Add(name, new StateTensor(answer));
                }
            }
        }
    }

    /// <summary>Gives the answers of a look, as of the last <see cref="Compare"/>. They come in when log values are read.</summary>
    /// <param name="model">The model; a parameter that it no longer has counts as changed. Borrowed.</param>
    /// <param name="pending">Where they wait. Borrowed.</param>
    /// <param name="look">The look at <see cref="Names"/>.</param>
    public void Ask(nn.Module model, PendingScalars pending, ParameterLook look)
    {
        using DisposeScope scope = NewDisposeScope();
        HashSet<string> present = [.. model.named_parameters().Select(entry => entry.name)];
        pending.Add(skipped?.Value ?? zeros([]), look, look.SkippedSlot);
        string[] names = Names;
        for (int i = 0; i < names.Length; i++)
        {
            Tensor answer = present.Contains(names[i])
                ? UpdateReach.Combine(moved[names[i]].Value, reach.GetValueOrDefault(names[i])?.Value)
                : tensor(UpdateReach.Changed);
            pending.Add(answer, look, i);
        }
    }

    /// <summary>Forgets and frees everything.</summary>
    public void Dispose()
    {
        foreach (StateTensor kept in sums.Values.Concat(moved.Values).Concat(reach.Values))
        {
            kept.Dispose();
        }

        skipped?.Dispose();
        skipped = null;
        sums.Clear();
        moved.Clear();
        reach.Clear();
    }
}
