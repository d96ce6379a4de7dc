import type { PdfDocument } from "./pdf_document.ts";

export const FACTURX_NAME = "factur-x.xml";

/**
 * Puts the invoice's XML into its PDF, as Factur-X 1.07 wants it: an associated file that is an alternative to the
 * pages, and metadata that say so, with the description of their schema that PDF/A asks for.
 */
export function embedFacturX(
  pdf: PdfDocument,
  xml: string,
  createdAt: Date,
): void {
  pdf.file(new TextEncoder().encode(xml), {
    name: FACTURX_NAME,
    type: "text/xml",
    description: "Factur-X, profile EN 16931",
    relationship: "Alternative",
    creationDate: createdAt,
    modifiedDate: createdAt,
  });
  pdf.appendXML(METADATA);
}

const NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#";

const PROPERTIES: readonly (readonly [name: string, description: string])[] = [
  ["DocumentFileName", "The name of the embedded XML document"],
  ["DocumentType", "The type of the hybrid document in capital letters"],
  ["Version", "The version of the standard of the embedded XML document"],
  ["ConformanceLevel", "The conformance level of the embedded XML document"],
];

const METADATA = `
        <rdf:Description xmlns:fx="${NAMESPACE}" rdf:about="">
            <fx:DocumentType>INVOICE</fx:DocumentType>
            <fx:DocumentFileName>${FACTURX_NAME}</fx:DocumentFileName>
            <fx:Version>1.0</fx:Version>
            <fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
        </rdf:Description>
        <rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">
            <pdfaExtension:schemas>
                <rdf:Bag>
                    <rdf:li rdf:parseType="Resource">
                        <pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
                        <pdfaSchema:namespaceURI>${NAMESPACE}</pdfaSchema:namespaceURI>
                        <pdfaSchema:prefix>fx</pdfaSchema:prefix>
                        <pdfaSchema:property>
                            <rdf:Seq>${PROPERTIES.map(property).join("")}
                            </rdf:Seq>
                        </pdfaSchema:property>
                    </rdf:li>
                </rdf:Bag>
            </pdfaExtension:schemas>
        </rdf:Description>
        `;

function property([name, description]: typeof PROPERTIES[number]): string {
  return `
                                <rdf:li rdf:parseType="Resource">
                                    <pdfaProperty:name>${name}</pdfaProperty:name>
                                    <pdfaProperty:valueType>Text</pdfaProperty:valueType>
                                    <pdfaProperty:category>external</pdfaProperty:category>
                                    <pdfaProperty:description>${description}</pdfaProperty:description>
                                </rdf:li>`;
}
