using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>One process's copy of a model that several processes train: it starts as process 0's, and its gradients become the mean over all processes.</summary>
/// <remarks>
/// <para>TorchSharp has no hooks at tensors, so gradients are averaged when somebody asks, not while backward runs. What has a gradient in which process goes along: a
/// parameter that has one in some processes only counts as zero in the others, and one that has none anywhere keeps none.</para>
/// <para>All processes make the same calls in the same order. Source: PyTorch <c>DistributedDataParallel</c>.</para>
/// </remarks>
[HoldsTensors("owner: the model")]
public sealed class ModelReplica
{
    private const int Frozen = 1 << 16;                               // above the number of any processes that are added up

    private readonly ICollectives collectives;
    private readonly nn.Module module;
    private readonly bool findUnusedParameters;
    private readonly Dictionary<Parameter, string> names;

    /// <summary>Checks that the model is the same in all processes, and gives all of them the parameters and buffers of process 0.</summary>
    /// <param name="module">The model, on its device. Borrowed.</param>
    /// <param name="collectives">What the processes do together.</param>
    /// <param name="findUnusedParameters">
    /// Whether trainable parameters may lack a gradient, in some processes or in all. The default is <see langword="false"/>: it is an error in all processes.
    /// </param>
    /// <exception cref="InvalidOperationException">The models of two processes differ in a name, a type or a shape. All processes throw it.</exception>
    public ModelReplica(nn.Module module, ICollectives collectives, bool findUnusedParameters = false)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(collectives);
        this.module = module;
        this.collectives = collectives;
        this.findUnusedParameters = findUnusedParameters;
        names = new(module.named_parameters().Select(entry => KeyValuePair.Create(entry.parameter, entry.name)), ReferenceEqualityComparer.Instance);
        if (HasPeers)
        {
            ReplicaCheck.Run(module, collectives);
            Broadcast(module.parameters());
            BroadcastBuffers();
        }
    }

    /// <summary>Gets how often gradients were averaged.</summary>
    public long AverageCount { get; private set; }

    /// <summary>Gets or sets what goes along with each exchange of gradients, to be decided together.</summary>
    /// <value>The default is nothing. All processes set as many, in the same order.</value>
    public IReadOnlyList<JointDecision> Decisions { get; set; } = [];

    /// <summary>Gets whether gradients were averaged since an optimizer that this replica watches made its last step.</summary>
    private bool IsAveraged { get; set; }

    private bool HasPeers => collectives.Rank.WorldSize > 1;

    /// <summary>Makes the gradients of parameters the mean over all processes.</summary>
    /// <param name="parameters">The parameters, the same in all processes and in the same order. Borrowed.</param>
    /// <exception cref="InvalidOperationException">
    /// A trainable parameter has no gradient in some process, and that is not allowed, or one is frozen in some processes only. All processes throw it, and no
    /// gradient has changed.
    /// </exception>
    public void Average(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        AverageCount++;
        IsAveraged = true;
        if (!HasPeers)
        {
            return;
        }

        using IDisposable guard = no_grad();
        Parameter[] all = [.. parameters];
        int[] counts = CountGradients(all);
        CheckFrozen(all, counts);
        CheckUnused(all, counts);
        Parameter[] used = [.. all.Where((_, i) => counts[i] is > 0 and < Frozen)];
        foreach (Parameter parameter in used.Where(parameter => parameter.grad is null))
        {
            parameter.grad = zeros_like(parameter).DetachFromDisposeScope();
        }

        TensorBuckets.Average([.. used.Select(parameter => parameter.grad!)], collectives);
    }

    /// <summary>Gives all processes the buffers of process 0.</summary>
    public void BroadcastBuffers()
    {
        if (HasPeers)
        {
            Broadcast(module.buffers());
        }
    }

    /// <summary>
    /// Lets an optimizer average the gradients of its parameters before each step, unless <see cref="Average"/> was called since its last step: for models that step
    /// by themselves.
    /// </summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    public void AverageBeforeStep(Optim.FusedOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        optimizer.BeforeStep = () =>
        {
            if (!IsAveraged)
            {
                Average(optimizer.parameters().Cast<Parameter>());
            }

            IsAveraged = false;
        };
    }

    private void Broadcast(IEnumerable<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            collectives.Broadcast(tensor);
        }
    }

    // Counted on the host: whether there is a gradient is no value of a tensor.
    private int[] CountGradients(Parameter[] parameters)
    {
        IEnumerable<int> own = parameters.Select(parameter => !parameter.requires_grad ? Frozen : parameter.grad is null ? 0 : 1);
        using Tensor counts = tensor([.. own, .. Decisions.Select(decision => decision.Vote)], int32);
        collectives.AllReduce(counts);
        int[] sums = counts.data<int>().ToArray();
        JointDecision.Make(Decisions, sums.AsSpan(parameters.Length));
        return sums[..parameters.Length];
    }

    private void CheckFrozen(Parameter[] parameters, int[] counts)
    {
        int size = collectives.Rank.WorldSize;
        if (Describe(parameters, i => counts[i] / Frozen % size) is { Length: > 0 } differing)
        {
            throw new InvalidOperationException(
                $"Parameters are frozen in some processes only: {differing}. The processes would drift apart. Set requires_grad the same way in all of them; it may not "
                + "depend on the rank or on its data.");
        }
    }

    private void CheckUnused(Parameter[] parameters, int[] counts)
    {
        int size = collectives.Rank.WorldSize;
        if (!findUnusedParameters && Describe(parameters, i => counts[i] < size ? size - counts[i] : 0) is { Length: > 0 } unused)
        {
            throw new InvalidOperationException(
                $"Trainable parameters got no gradient: {unused}. With FindUnusedParameters = false each of them takes part in each update. Set FindUnusedParameters = "
                + "true, let the loss depend on them, or set requires_grad = false.");
        }
    }

    // Names those that something is so of in at least one process.
    private string Describe(Parameter[] parameters, Func<int, int> count) => string.Join(
        ", ",
        parameters.Index().Where(entry => count(entry.Index) > 0)
            .Select(entry => $"{names.GetValueOrDefault(entry.Item, "a parameter outside the model")} (in {count(entry.Index)} of {collectives.Rank.WorldSize} processes)"));
}
