using System.Runtime.CompilerServices;
using Compat.Legacy;
using static TorchSharp.torch;

namespace Compat.Adapters.Models;

/// <summary>Gives the engine's view of a legacy model.</summary>
public static class ModelAdapterExtensions
{
    private static readonly ConditionalWeakTable<nn.Module, LegacyModelAdapter> Views = [];
    private static readonly ConditionalWeakTable<nn.Module, LegacyModelAdapter> ViewsByTerms = [];

    /// <summary>Lets the engine train a model that has MMCV's training step; its wrapper updates the weights.</summary>
    /// <typeparam name="TModel">The type of the model.</typeparam>
    /// <param name="legacy">The model, already on its device.</param>
    /// <returns>The view; the same one for the same model.</returns>
    public static LegacyModelAdapter AsEngine<TModel>(this TModel legacy)
        where TModel : nn.Module, ITrainStep => Views.GetValue(legacy, static model => new LegacyModelAdapter(model));

    /// <summary>Lets the engine train a model that has MMCV's training step on the terms that its loss consists of, each as an entry of the engine's losses.</summary>
    /// <remarks>
    /// The total is compared with the model's own loss in the first three iterations: see
    /// <see cref="LegacyModelAdapter(nn.Module, IReadOnlyList{LossTerm})"/>. The first one waits for the device.
    /// </remarks>
    /// <typeparam name="TModel">The type of the model.</typeparam>
    /// <param name="legacy">The model, already on its device.</param>
    /// <param name="terms">The terms, for example <c>[("loss1", LossReduction.Sum), ("loss2", LossReduction.Sum)]</c>.</param>
    /// <returns>The view; the same one for the same model, as long as it is asked for with the same terms.</returns>
    public static LegacyModelAdapter AsEngine<TModel>(this TModel legacy, IReadOnlyList<LossTerm> terms)
        where TModel : nn.Module, ITrainStep
    {
        ArgumentNullException.ThrowIfNull(terms);
        if (ViewsByTerms.TryGetValue(legacy, out LegacyModelAdapter? known) && known.Terms.SequenceEqual(terms))
        {
            return known;
        }

        LegacyModelAdapter view = new(legacy, [.. terms]);
        ViewsByTerms.AddOrUpdate(legacy, view);
        return view;
    }

    /// <summary>Gives back the model whose view an adapter is.</summary>
    /// <param name="adapter">The view.</param>
    /// <returns>The legacy model.</returns>
    public static nn.Module AsLegacy(this LegacyModelAdapter adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        return adapter.LegacyModel;
    }
}
